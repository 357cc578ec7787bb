/** Lists of numbers that a parameter holds as text. */

/** Null where it is no list of whole numbers from 1. */
export function readCounts(text: string): readonly number[] | null {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const isList = words.length > 0 && words.every((word) => /^[1-9]\d{0,3}$/.test(word));
  return isList ? words.map(Number) : null;
}
