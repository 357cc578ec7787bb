/** Labels cut to the room that a card has for them, between words. Pure: nothing is measured on the page. */

/** Widths of Inter's signs as parts of the size of its letters; of the others none is much wider than an "n". */
const widths: readonly (readonly [signs: string, width: number])[] = [
  [" !',.:;Iijl|`·’", 0.29],
  ['t()[]/\\fr', 0.37],
  ['-"1²{}', 0.46],
  ['aceksvxyz', 0.57],
  ['BKPRSTVXYZ&', 0.68],
  ['ACDGHNOQU', 0.75],
  ['mwM…', 0.88],
  ['W%@→', 0.99],
];
const otherWidth = 0.61;
const widthOf = new Map(
  widths.flatMap(([signs, width]) => Array.from(signs, (sign) => [sign, width] as const)),
);
/** A sign of the numbers' font, in which all are as wide. */
const numberWidth = 0.6;

export interface Room {
  readonly widthPx: number;
  /** Size of the letters. */
  readonly fontPx: number;
  readonly font?: 'words' | 'numbers';
}

export function textWidthPx(text: string, { fontPx, font }: Omit<Room, 'widthPx'>): number {
  if (font === 'numbers') return text.length * numberWidth * fontPx;
  return Array.from(text).reduce(
    (sum, sign) => sum + (widthOf.get(sign) ?? otherWidth) * fontPx,
    0,
  );
}

/** Where a text is cut: between two things that it tells, or else between two words. */
const borders = [/ · |, /g, / /g] as const;

/** Fewer letters than these say nothing. */
const fewestLetters = 4;

/** The whole text, or as much of it as there is room for with an ellipsis; nothing where that would say nothing. */
export function fittingText(text: string, room: Room): string {
  const fits = (candidate: string): boolean => textWidthPx(candidate, room) <= room.widthPx;
  if (fits(text)) return text;
  const cuts = borders.flatMap((border) => [...text.matchAll(border)].toReversed());
  return (
    cuts
      .filter(({ index }) => index >= fewestLetters)
      .map(({ index }) => `${text.slice(0, index)}…`)
      .find(fits) ?? ''
  );
}

/** The same, with the first of the endings that leaves all words room; the last one stays where none does. */
export function fittingWithEnd(text: string, endings: readonly string[], room: Room): string {
  const whole = endings.find((ending) => textWidthPx(text + ending, room) <= room.widthPx);
  if (whole !== undefined) return text + whole;
  const last = endings.at(-1) ?? '';
  return fittingText(text, { ...room, widthPx: room.widthPx - textWidthPx(last, room) }) + last;
}
