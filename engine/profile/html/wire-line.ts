/** The line of a wire in the picture: a curve towards the right, and around the two cards where it has to go back. Pure. */

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
const standOffPx = 22;
const cornerPx = 12;

/** As the path of a drawing. */
export function wireLine(from: Point, to: Point, giver: Extent, taker: Extent): string {
  if (to.x >= from.x - backPx) {
    const reach = Math.max(24, (to.x - from.x) / 2);
    return `M${from.x},${from.y} C${from.x + reach},${from.y} ${to.x - reach},${to.y} ${to.x},${to.y}`;
  }
  const [right, left] = [from.x + standOffPx, to.x - standOffPx];
  const lane = laneBetween(giver, taker);
  // A corner is as wide as the shorter of its two sides allows.
  const down = corner(lane - from.y);
  const up = corner(to.y - lane);
  return [
    `M${from.x},${from.y}`,
    `H${right - cornerPx} Q${right},${from.y} ${right},${from.y + down}`,
    `V${lane - down} Q${right},${lane} ${right - cornerPx},${lane}`,
    `H${left + cornerPx} Q${left},${lane} ${left},${lane + up}`,
    `V${to.y - up} Q${left},${to.y} ${left + cornerPx},${to.y}`,
    `H${to.x}`,
  ].join(' ');
}

const corner = (way: number): number => Math.sign(way) * Math.min(cornerPx, Math.abs(way) / 2);

/** The height between two cards of which one lies below the other, or else just below both. */
function laneBetween(a: Extent, b: Extent): number {
  if (a.bottom < b.top) return (a.bottom + b.top) / 2;
  if (b.bottom < a.top) return (b.bottom + a.top) / 2;
  return Math.max(a.bottom, b.bottom) + standOffPx;
}
