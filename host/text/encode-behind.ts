/** Ids of a text that goes on from another one: a tokenizer may set a space before one that stands alone. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { Tokenizer } from './tokenizer.ts';

/** No text begins with it, and no token joins it to another character. */
const anchor = '\u0001';

interface Behind {
  /** The end of what the text follows; left out, it is anything that is no space. */
  readonly before?: string | undefined;
  /** Names of special tokens in the text stay plain text. */
  readonly isLiteral?: boolean | undefined;
}

/** Where a token joins both, the text is encoded alone. */
export function encodeBehind(
  tokenizer: Tokenizer,
  text: string,
  { before = anchor, isLiteral = false }: Behind = {},
): Outcome<readonly number[]> {
  const encode = (start: string, end: string): Outcome<readonly number[]> => {
    const literal = isLiteral ? [{ start: start.length, end: start.length + end.length }] : [];
    return tokenizer.encode(start + end, { addSpecialTokens: false, literal });
  };
  const first = encode(before, '');
  if (!first.ok) return first;
  const both = encode(before, text);
  if (!both.ok) return both;
  const isApart = first.value.every((id, place) => both.value[place] === id);
  return isApart ? ok(both.value.slice(first.value.length)) : encode('', text);
}
