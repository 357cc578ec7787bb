import { expect, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { cardNode, projectModels } from './projection.ts';
import { stripLevels } from './strip-levels.ts';

test('what is wrong with a card is read in front of the card below it, wrong or not', () => {
  const checked = checkGraph(
    sketchDocument({
      sound: ['input/image'],
      lower: ['projector/mlp'],
      upper: ['compression/average-pool'],
    }),
    catalogue,
  );
  const { cards } = projectModels({ checked, problems: checked.problems, estimate: null });
  const places = { upper: { x: 0, y: 0 }, lower: { x: 0, y: 150 }, sound: { x: 0, y: 300 } };
  const levels = stripLevels(cards, places);
  const fromFront = cards
    .map((card) => cardNode(card, places[card.id as keyof typeof places], false, levels))
    .toSorted((a, b) => (b.zIndex ?? 0) - (a.zIndex ?? 0));
  expect(fromFront.map(({ id }) => id)).toEqual(['upper', 'lower', 'sound']);
});
