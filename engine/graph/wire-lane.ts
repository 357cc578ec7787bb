/** Where a wire that has to go back runs: the geometry that every drawing of a graph shares. Pure. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Upper and lower edge of a card. */
export interface Extent {
  readonly top: number;
  readonly bottom: number;
}

/** A wire that goes back further than this is led around. */
const backPx = 16;
export const standOffPx = 22;

export const goesBack = (from: Point, to: Point): boolean => to.x < from.x - backPx;

/** The height between two cards of which one lies below the other, or else just below both. */
export function laneBetween(a: Extent, b: Extent): number {
  if (a.bottom < b.top) return (a.bottom + b.top) / 2;
  if (b.bottom < a.top) return (b.bottom + a.top) / 2;
  return Math.max(a.bottom, b.bottom) + standOffPx;
}
