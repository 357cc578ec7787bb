import { expect, test } from 'vitest';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { projectModels } from '#renderer/canvas/flow/projection.ts';
import { thumbnailOf } from './thumbnail.ts';

const document = sketchDocument(
  {
    image: ['input/image'],
    preprocess: ['vision/preprocess'],
    prompt: ['input/prompt', { text: '' }],
    lost: ['no/such-node'],
  },
  ['image.image > preprocess.image'],
);
const checked = checkedGraph(document);
const models = projectModels({ checked, problems: [], estimate: null });
const layout = { image: { x: 0, y: 0 }, preprocess: { x: 2000, y: 100 }, lost: { x: 0, y: 300 } };

test('a small picture shows the cards that have a place, and wires from port to port', () => {
  const { cards, wires, viewBox } = thumbnailOf(models, layout);
  expect(cards.map(({ id, family, x }) => [id, family, x])).toEqual(
    expect.arrayContaining([
      ['image', 'input', 0],
      ['preprocess', 'vision', 2000],
      ['lost', null, 0],
    ]),
  );
  expect(cards).toHaveLength(3);
  const [x = 0, , width = 0] = viewBox.split(' ').map(Number);
  expect(x).toBeLessThan(0);
  expect(x + width).toBeGreaterThan(2000 + 208);
  expect(wires).toHaveLength(1);
  // From the right edge of the first card to the left edge of the second, level at both ends.
  expect(wires[0]?.path).toMatch(/^M208,(\d+) C1104,\1 1104,(\d+) 2000,\2$/);
});

test('an empty graph has an empty picture', () => {
  const { cards, wires, viewBox } = thumbnailOf({ cards: [], wires: [] }, {});
  expect([cards, wires]).toEqual([[], []]);
  expect(viewBox).toBe('0 0 760 480');
});
