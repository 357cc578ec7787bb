import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { readDocument } from '#engine/graph/read-document.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
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

test('wires that lead back between the same two cards have a lane each, and none crosses another', async () => {
  const text = await readFile('presets/llava-1.5-7b-prumerge.patchbay.json', 'utf8');
  const preset = readDocument(text, catalogue);
  if (!preset.ok) throw new Error('The preset can be read.');
  const drawn = projectModels({
    checked: checkedGraph(preset.value),
    problems: [],
    estimate: null,
  });
  const lines = thumbnailOf(drawn, preset.value.layout)
    .wires.filter(({ id }) => id.startsWith('encoder.'))
    .map(({ path }) => stretches(path));
  const [tokens = [], queryKey = []] = lines;
  expect(lines).toHaveLength(2);
  expect([tokens, queryKey].map((line) => line.length)).toEqual([5, 5]);
  const meetings = tokens.flatMap((one) => queryKey.filter((other) => meet(one, other)));
  expect(meetings).toEqual([]);
});

type Place = readonly [x: number, y: number];
type Stretch = readonly [Place, Place];

/** The straight lines of a path, up to the middle of its round corners. */
function stretches(path: string): readonly Stretch[] {
  const places = [...path.matchAll(/([MLQ])\s*([-\d.]+)[ ,]\s*([-\d.]+)/g)];
  const ends = places.filter(
    ([, sign], index) => sign === 'Q' || index === 0 || index === places.length - 1,
  );
  const all = ends.map(([, , x, y]): Place => [Number(x), Number(y)]);
  return all.slice(1).map((place, index): Stretch => [all[index] ?? place, place]);
}

/** Do two level or upright stretches have a place in common? */
function meet(one: Stretch, other: Stretch): boolean {
  return [0, 1].every((axis) => {
    const along = ([start, end]: Stretch): number[] => [start[axis] ?? 0, end[axis] ?? 0];
    return (
      Math.max(...along(one)) >= Math.min(...along(other)) &&
      Math.max(...along(other)) >= Math.min(...along(one))
    );
  });
}

test('an empty graph has an empty picture', () => {
  const { cards, wires, viewBox } = thumbnailOf({ cards: [], wires: [] }, {});
  expect([cards, wires]).toEqual([[], []]);
  expect(viewBox).toBe('0 0 760 480');
});
