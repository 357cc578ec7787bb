/** Grows an answer token by token, so that text can be shown while the model still writes. */
import { TextBeforeStops } from './text-before-stops.ts';
import type { TextDecoding } from './token-decoder.ts';
import type { Tokenizer } from './tokenizer.ts';

/**
 * Everything that `push` and `finish` return, joined, is what the tokenizer decodes from all ids at once without special
 * tokens, up to the first stop string. Each token is decoded once, whatever came before it.
 */
export class AnswerStream {
  readonly #decoding: TextDecoding<number>;
  readonly #beforeStops: TextBeforeStops;
  #text = '';

  constructor(tokenizer: Tokenizer, stops: readonly string[] = []) {
    this.#decoding = tokenizer.startDecoding({ skipSpecialTokens: true });
    this.#beforeStops = new TextBeforeStops(stops);
  }

  /** The text to append; '' while a character is incomplete, or while it may belong to a stop string. */
  push(id: number): string {
    return this.#grow(this.#beforeStops.push(this.#decoding.push(id)));
  }

  /** The text still held back; an incomplete character as U+FFFD. To be called once, after the last token. */
  finish(): string {
    const last = this.#beforeStops.push(this.#decoding.finish());
    return this.#grow(last + this.#beforeStops.finish());
  }

  /** A stop string is complete, so that no more text will come. */
  get isStopped(): boolean {
    return this.#beforeStops.isStopped;
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
