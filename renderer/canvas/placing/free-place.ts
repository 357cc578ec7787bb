/** Finds room for a new card near a place. Pure. */
import { cardWidthPx, gridPx } from '#renderer/canvas/card/card-geometry.ts';

export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface TakenPlace extends Place {
  readonly height: number;
}

/** How far apart the places lie that are looked at: a card of usual size with some air. */
const columnPx = cardWidthPx + 4 * gridPx;
const rowPx = 160;
/** Further away a person would not look for it; rather on top of another. */
const mostRings = 4;

export const onGrid = (px: number): number => Math.round(px / gridPx) * gridPx;

/** The nearest place where a card of this height lies on no other; below first, then beside. */
export function freePlace(wanted: TakenPlace, taken: readonly TakenPlace[]): Place {
  const start = { x: onGrid(wanted.x), y: onGrid(wanted.y) };
  const isFree = ({ x, y }: Place): boolean =>
    taken.every(
      (card) =>
        Math.abs(card.x - x) >= cardWidthPx + gridPx ||
        card.y + card.height + gridPx <= y ||
        y + wanted.height + gridPx <= card.y,
    );
  return around(start).find(isFree) ?? notHiding(start, taken);
}

function around({ x, y }: Place): readonly Place[] {
  const steps: { place: Place; distance: number }[] = [];
  for (let column = -mostRings; column <= mostRings; column++)
    for (let row = -mostRings; row <= mostRings; row++) {
      const place = { x: x + column * columnPx, y: y + row * rowPx };
      // A step up or to the left costs a little more, as one reads.
      const distance =
        Math.hypot(column * columnPx, row * rowPx) + (column < 0 ? 2 : 0) + (row < 0 ? 1 : 0);
      steps.push({ place, distance });
    }
  return steps.toSorted((a, b) => a.distance - b.distance).map(({ place }) => place);
}

/** At the place itself, or a little aside where a card lies exactly there. */
export function notHiding(wanted: Place, taken: readonly Place[]): Place {
  let place = { x: onGrid(wanted.x), y: onGrid(wanted.y) };
  const isTaken = (): boolean => taken.some(({ x, y }) => x === place.x && y === place.y);
  while (isTaken()) place = { x: place.x + 4 * gridPx, y: place.y + 4 * gridPx };
  return place;
}
