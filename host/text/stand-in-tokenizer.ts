/** Stands in where random weights bring no tokenizer: about as many tokens as a real one makes, and answers in nonsense words. */
import { ok } from '#engine/contract/outcome.ts';
import type { DecodeOptions, EncodeOptions, Tokenizer } from './tokenizer.ts';
import type { TextDecoding } from './token-decoder.ts';

const beginOfTextId = 1;
/** Unknown, begin and end of text in Llama's order; no text is encoded to them. */
const reservedIds = 3;

/**
 * A word with the space before it, up to three digits, a run of punctuation, or white space. Latin words of up to six
 * letters are one token and longer ones a token for every six letters, other alphabets three letters a token, and scripts
 * without spaces one character a token. English prose comes to about 4 characters a token, a tenth more tokens than with
 * GPT-2's vocabulary; technical text to about as many tokens as with it.
 */
const piecePattern =
  / ?(?:\p{Script=Latin}\p{M}*){1,6}| ?[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Extended_Pictographic}]| ?(?:\p{L}\p{M}*){1,3}| ?\p{N}{1,3}| ?[\p{P}\p{S}]{1,3}|\s+(?!\S)|\s|[^]/gu;

/**
 * A tokenizer for any vocabulary of at least 16 tokens. It has no end-of-text token, so that random weights always write
 * as many tokens as they are asked for, and no image token.
 */
export function standInTokenizer(vocabularySize: number): Tokenizer {
  const word = wordMaker(vocabularySize);
  const startDecoding = (options: DecodeOptions): TextDecoding<number> => ({
    push: (id) => (options.skipSpecialTokens && id < reservedIds ? '' : word(id)),
    finish: () => '',
  });
  return {
    kind: 'stand-in',
    encode: (text, options) => ok(encode(text, options, vocabularySize)),
    decode: (ids, options) => {
      const decoding = startDecoding(options);
      return ids.map((id) => decoding.push(id)).join('');
    },
    startDecoding,
    beginOfTextId,
    endOfTextIds: [],
    imageTokenId: null,
    videoTokenId: null,
    idOf: () => null,
    tokenOf: () => null,
  };
}

function encode(
  text: string,
  { addSpecialTokens }: EncodeOptions,
  vocabularySize: number,
): readonly number[] {
  const ids = addSpecialTokens ? [beginOfTextId] : [];
  for (const piece of text.match(piecePattern) ?? []) {
    ids.push(reservedIds + (hashOf(piece) % (vocabularySize - reservedIds)));
  }
  return ids;
}

/** FNV-1a over UTF-16 units, 32 bits. */
function hashOf(piece: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < piece.length; index += 1) {
    hash = Math.imul(hash ^ piece.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

const consonants = 'bdfgjklmnprstvwyzhcq';
const vowels = 'aeiou';
const syllableCount = consonants.length * vowels.length;

/** Gives each id of the vocabulary a word of its own: two syllables, three from 10,000 ids on. */
function wordMaker(vocabularySize: number): (id: number) => string {
  const syllables = vocabularySize <= syllableCount ** 2 ? 2 : 3;
  const wordCount = syllableCount ** syllables;
  return (id) => {
    // A factor prime to the number of words keeps neighbours apart and every word unique.
    let number = (id * 7919 + 4201) % wordCount;
    let word = ' ';
    for (let index = 0; index < syllables; index += 1) {
      const syllable = number % syllableCount;
      word += consonants.charAt(Math.floor(syllable / vowels.length));
      word += vowels.charAt(syllable % vowels.length);
      number = Math.floor(number / syllableCount);
    }
    return word;
  };
}
