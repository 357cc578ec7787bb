/** The end of a long name, which stays when it is cut before it. Pure. */

/** About what tells files and versions apart. */
const usualLetters = 8;
const mostLetters = 14;

export interface SplitName {
  readonly start: string;
  /** Whole words; empty where a name has none that are short enough, so that it is cut at its end. */
  readonly end: string;
}

/** Words are parted by spaces, or in a name without any by what else parts them. */
export function splitName(name: string): SplitName {
  const borders = [...name.matchAll(name.includes(' ') ? / /g : /[-_/.]/g)];
  const ends = borders
    .map(({ index }) => name.slice(index))
    .filter((end) => end.length <= mostLetters && end.length < name.length)
    .toSorted((a, b) => a.length - b.length);
  const end = ends.find(({ length }) => length >= usualLetters) ?? ends.at(-1) ?? '';
  return { start: name.slice(0, name.length - end.length), end };
}
