/** Grows an answer token by token, so that text can be shown while the model still writes. */
import type { TextDecoding } from './token-decoder.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * Everything that `push` and `finish` return, joined, is what the tokenizer decodes from all ids at once without special
 * tokens. Each token is decoded once, whatever came before it.
 */
export class AnswerStream {
  readonly #decoding: TextDecoding<number>;
  #text = '';

  constructor(tokenizer: Tokenizer) {
    this.#decoding = tokenizer.startDecoding({ skipSpecialTokens: true });
  }

  /** The text to append; '' while a character is incomplete. */
  push(id: number): string {
    return this.#grow(this.#decoding.push(id));
  }

  /** The text still held back: an incomplete character, as U+FFFD. To be called once, after the last token. */
  finish(): string {
    return this.#grow(this.#decoding.finish());
  }

  /** The answer so far. */
  get text(): string {
    return this.#text;
  }

  #grow(more: string): string {
    this.#text += more;
    return more;
  }
}
