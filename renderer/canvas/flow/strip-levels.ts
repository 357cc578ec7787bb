/** Which card lies above which: what is wrong with one is read before the head of the card below it. Pure. */
import type { CardModel } from '#renderer/canvas/card/card-model.ts';
import type { Layout } from './projection.ts';

/** Of every card with a problem, by id: a strip hangs down, so the higher a card stands, the further in front it is. */
export function stripLevels(
  cards: readonly CardModel[],
  places: Layout,
): ReadonlyMap<string, number> {
  const top = ({ id }: CardModel): number => places[id]?.y ?? 0;
  const fromBelow = cards
    .filter(({ problem }) => problem !== null)
    .toSorted((a, b) => top(b) - top(a));
  return new Map(fromBelow.map(({ id }, index) => [id, index + 1]));
}
