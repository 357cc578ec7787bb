/** The line of a wire in the picture: a curve towards the right, and around the two cards where it has to go back. Pure. */

import {
  goesBack,
  laneBetween,
  standOffPx,
  type Extent,
  type Point,
} from '../../graph/wire-lane.ts';

const cornerPx = 12;

/** As the path of a drawing. */
export function wireLine(from: Point, to: Point, giver: Extent, taker: Extent): string {
  if (!goesBack(from, to)) {
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
