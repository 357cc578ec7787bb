/** Swin on a picture that fills no whole windows and has odd sides to merge, against a slow formula. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NodeBench } from '#verify/node-bench.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { attend, largestError, relu, toRows, type Rows } from '../slow-formulas.testing.ts';
import {
  openKnownTower,
  slowLinear,
  slowNorm,
  slowPatches,
  slowSum,
  type KnownTower,
} from '#verify/known-tower.testing.ts';
import { swin } from './swin.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const window = 3;
const epsilon = 1e-5;

type Side = readonly [rows: number, columns: number];

/** Places of the rolled and filled map, window by window: where each lay before, and in which band it lies now. */
function windowsOf([rows, columns]: Side, shift: number) {
  const [tall, wide] = [rows, columns].map((side) => window * Math.ceil(side / window)) as [
    number,
    number,
  ];
  const band = (at: number, side: number) =>
    shift === 0 || at < side - window ? 0 : at < side - shift ? 1 : 2;
  const across = wide / window;
  return Array.from({ length: (tall / window) * across }, (_, index) =>
    Array.from({ length: window ** 2 }, (_none, inside) => {
      const y = window * Math.floor(index / across) + Math.floor(inside / window);
      const x = window * (index % across) + (inside % window);
      const [from, beside] = [(y + shift) % tall, (x + shift) % wide];
      const isThere = from < rows && beside < columns;
      const place = isThere ? from * columns + beside : null;
      return { y, x, place, region: `${band(y, tall)},${band(x, wide)}` };
    }),
  );
}

function slowLayer(
  tower: KnownTower,
  name: string,
  map: Rows,
  side: Side,
  heads: number,
  shift: number,
): Rows {
  const normed = slowNorm(tower, `${name}.layernorm_before`, map, epsilon);
  const empty = (map[0] ?? []).map(() => 0);
  const inner = `${name}.attention.self`;
  const table = toRows(tower.numbers(`${inner}.relative_position_bias_table`), heads);
  const attended = map.map(() => empty);
  for (const places of windowsOf(side, shift)) {
    const tokens = places.map(({ place }) => (place === null ? empty : (normed[place] ?? [])));
    const projected = (part: string) => slowLinear(tower, `${inner}.${part}`, tokens);
    const bias = (head: number, query: number, key: number) => {
      const [a, b] = [places[query]!, places[key]!];
      const distance = (a.y - b.y + window - 1) * (2 * window - 1) + a.x - b.x + window - 1;
      return (table[distance]?.[head] ?? NaN) + (a.region === b.region ? 0 : -100);
    };
    const mixed = attend(
      projected('query'),
      projected('key'),
      projected('value'),
      heads,
      heads,
      bias,
    );
    for (const [at, { place }] of places.entries())
      if (place !== null) attended[place] = [...(mixed[at] ?? [])];
  }
  const sum = slowSum(map, slowLinear(tower, `${name}.attention.output.dense`, attended));
  const second = slowNorm(tower, `${name}.layernorm_after`, sum, epsilon);
  const up = slowLinear(tower, `${name}.intermediate.dense`, second).map((row) => row.map(relu));
  return slowSum(sum, slowLinear(tower, `${name}.output.dense`, up));
}

function slowMerging(tower: KnownTower, name: string, map: Rows, [rows, columns]: Side): Rows {
  const empty = (map[0] ?? []).map(() => 0);
  const at = (y: number, x: number) =>
    y < rows && x < columns ? (map[y * columns + x] ?? []) : empty;
  const across = Math.ceil(columns / 2);
  const squares = Array.from({ length: Math.ceil(rows / 2) * across }, (_, place) => {
    const [y, x] = [2 * Math.floor(place / across), 2 * (place % across)];
    return [...at(y, x), ...at(y + 1, x), ...at(y, x + 1), ...at(y + 1, x + 1)];
  });
  return slowLinear(
    tower,
    `${name}.reduction`,
    slowNorm(tower, `${name}.norm`, squares, epsilon),
    false,
  );
}

test('what fills up windows is looked at, what lay apart is not, and odd sides are filled up', async () => {
  const size = [10, 14] as const;
  const params = {
    imageSize: 12,
    patchSize: 2,
    hiddenSize: 8,
    depths: '2, 1',
    headCounts: '2, 4',
    windowSize: window,
    feedForwardRatio: 1.5,
    activation: 'relu',
  };
  const tower = await openKnownTower(bench, swin, params, {}, size);
  const pixels = Array.from(normalNumbers(3 * size[0] * size[1], 4));
  const patches = slowPatches(pixels, size, 2);
  const embedded = slowLinear(tower, 'embeddings.patch_embeddings.projection', patches);
  const first = slowNorm(tower, 'embeddings.norm', embedded, epsilon);
  const stage = 'encoder.layers.0';
  const once = slowLayer(tower, `${stage}.blocks.0`, first, [5, 7], 2, 0);
  const twice = slowLayer(tower, `${stage}.blocks.1`, once, [5, 7], 2, 1);
  const merged = slowMerging(tower, `${stage}.downsample`, twice, [5, 7]);
  const last = slowLayer(tower, 'encoder.layers.1.blocks.0', merged, [3, 4], 4, 0);
  const expected = slowNorm(tower, 'layernorm', last, epsilon);
  const tokens = await tower.tokens(pixels);
  expect(largestError(tokens.flat(), expected.flat())).toBeLessThan(5e-5);
  const mean = await tower.tokens(pixels, { select: 'mean' });
  const means = (expected[0] ?? []).map(
    (_, channel) => expected.reduce((sum, row) => sum + (row[channel] ?? NaN), 0) / expected.length,
  );
  expect(largestError(mean.flat(), means)).toBeLessThan(5e-5);
});
