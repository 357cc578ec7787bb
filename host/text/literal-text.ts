/** Keeps the characters of a question from being read as special tokens, such as an `<image>` that the user typed. */

/** From `start` up to, not including, `end`, in UTF-16 units. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/**
 * A token of its own that is put inside a special token's name to cut it, and whose id is dropped after encoding.
 * Two high surrogates in a row never occur in well-formed text, so nothing else can be this token.
 */
export const cutMarker = '\uD800\uD800';
export const cutMarkerToken = { id: -1, content: cutMarker, special: true, normalized: false };

/**
 * Cuts each special token that lies in a literal part, or reaches into one, after its first character.
 * A special token of a single character cannot be cut and stays.
 */
export function cutSpecialTokens(
  text: string,
  literal: readonly TextRange[],
  specialTokens: readonly string[],
): string {
  if (literal.length === 0 || specialTokens.length === 0) return text;
  const pattern = anyOf(specialTokens);
  let result = '';
  let copiedTo = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const start = match.index;
    const end = start + match[0].length;
    const cutAt = start + (match[0].codePointAt(0)! > 0xffff ? 2 : 1);
    if (cutAt === end || !literal.some((range) => range.start < end && start < range.end)) continue;
    result += text.slice(copiedTo, cutAt) + cutMarker;
    copiedTo = cutAt;
    pattern.lastIndex = cutAt;
  }
  return result + text.slice(copiedTo);
}

/** Matches the longest of the names at the first place, as tokenizers look for added tokens. */
function anyOf(names: readonly string[]): RegExp {
  const longestFirst = names.toSorted((left, right) => right.length - left.length);
  return new RegExp(longestFirst.map(escapePattern).join('|'), 'g');
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
