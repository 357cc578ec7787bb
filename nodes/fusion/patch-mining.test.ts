/** Patch mining and the tiles of its detail, against the formulas of the paper. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { estimatedCount, knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { config, refusal, taken } from '#verify/taking-config.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import {
  attend,
  largestError,
  layerNorm,
  linear,
  toRows,
  type Row,
  type Rows,
} from '../slow-formulas.testing.ts';
import { mapTiles } from './map-tiles.ts';
import { patchMining } from './patch-mining.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

function wire(
  rows: number,
  columns: number,
  channels: number,
  rest: Partial<WireOf<'tokens'>> = {},
): WireOf<'tokens'> {
  const { prefixTokens = 0 } = rest;
  const count = knownCount(prefixTokens + rows * columns);
  return { kind: 'tokens', count, channels, prefixTokens, grid: { rows, columns }, ...rest };
}

const views = (count: number, items = 1) => ({
  views: { known: true, views: count, most: count, items },
});

const [rows, columns, side, width, detailWidth] = [2, 3, 2, 6, 5];

test('each token asks its own square of the large picture, in every view, without what comes before the grids', async () => {
  const weights = { kind: 'checkpoint', folder: await bench.newFolder() };
  const inputs = {
    tokens: wire(rows, columns, width, { prefixTokens: 1, ...views(2, 2) }),
    detail: wire(rows * side, columns * side, detailWidth, { prefixTokens: 2, ...views(2, 2) }),
  };
  const single = { definition: patchMining, params: { weights }, inputs };
  const { model, outputs } = valueOf(buildSingleNode(single));
  const known = await writeKnownWeights(weights.folder, [model], 4);
  const tokens = normalNumbers(2 * (1 + rows * columns) * width, 1);
  const detail = normalNumbers(2 * (2 + rows * columns * side ** 2) * detailWidth, 2);
  const given = await bench.runNode(
    { ...single, taps: ['mined'] },
    {
      tokens: float32(tokens, [2, 1 + rows * columns, width]),
      detail: float32(detail, [2, 2 + rows * columns * side ** 2, detailWidth]),
    },
  );

  const of = (name: string) => known.get(name)?.data ?? [];
  const project = (all: Rows, part: string, from: number): Rows => {
    const name = `vlm_uni_${part}_projector`;
    const normed = layerNorm(all, of(`${name}.0.weight`), of(`${name}.0.bias`), 1e-5);
    return linear(normed, toRows(of(`${name}.1.weight`), from), of(`${name}.1.bias`));
  };
  const expected = [0, 1].flatMap((view) => {
    const small = viewOf(toRows(tokens, width), view).slice(1);
    const large = viewOf(toRows(detail, detailWidth), view).slice(2);
    const [queries, keys, values] = [
      project(small, 'query', width),
      project(large, 'aux', detailWidth),
      project(large, 'val', detailWidth),
    ];
    return small.map((_, token) => {
      const square = squareOf(Math.floor(token / columns), token % columns);
      const pick = (all: Rows): Rows => square.map((place) => all[place] as Row);
      return attend([queries[token] as Row], pick(keys), pick(values), 1)[0] as Row;
    });
  });
  expect(largestError(floatsOf(given['tap.mined']), expected.flat())).toBeLessThan(1e-5);
  const sums = [0, 1].flatMap((view) =>
    viewOf(toRows(tokens, width), view)
      .slice(1)
      .map((row, token) =>
        row.map((number, at) => number + (expected[view * rows * columns + token]?.[at] ?? NaN)),
      ),
  );
  expect(largestError(floatsOf(given['tokens']), sums.flat())).toBeLessThan(1e-5);
  expect(outputs['tokens']).toEqual(wire(rows, columns, width, views(2, 2)));
});

const viewOf = (all: Rows, view: number): Rows =>
  all.slice((view * all.length) / 2, ((view + 1) * all.length) / 2);

/** Places of the large grid that the token at a row and a column of the small one asks. */
const squareOf = (row: number, column: number): readonly number[] =>
  Array.from({ length: side ** 2 }, (_, at) => {
    const [down, across] = [Math.floor(at / side), at % side];
    return (row * side + down) * columns * side + column * side + across;
  });

describe('a map cut into tiles', () => {
  test.for([2, 3])('%i a side, row by row, and the whole made small before them', async (tiles) => {
    const [tileRows, tileColumns, channels] = [2, 3, 4];
    const [mapRows, mapColumns] = [tiles * tileRows, tiles * tileColumns];
    const data = normalNumbers((mapRows * mapColumns + 1) * channels, tiles);
    const inputs = { tokens: wire(mapRows, mapColumns, channels, { prefixTokens: 1 }) };
    const single = { definition: mapTiles, params: { side: tiles, whole: true }, inputs };
    const { tokens } = await bench.runNode(single, {
      tokens: float32(data, [1, mapRows * mapColumns + 1, channels]),
    });
    const map = toRows(data, channels).slice(1);
    const at = (row: number, column: number): Row => map[row * mapColumns + column] as Row;
    const cell = (place: number) => [Math.floor(place / tileColumns), place % tileColumns] as const;
    const places = Array.from({ length: tileRows * tileColumns }, (_, place) => cell(place));
    // Halfway between two pixels where a side is even, on the middle one where it is odd.
    const near = (place: number): readonly number[] =>
      tiles % 2 === 0 ? [place * tiles, place * tiles + 1] : [place * tiles + 1];
    const small = places.map(([row, column]) => {
      const around = near(row).flatMap((y) => near(column).map((x) => at(y, x)));
      return Array.from({ length: channels }, (_, channel) =>
        around.reduce((sum, each) => sum + (each[channel] ?? NaN) / around.length, 0),
      );
    });
    const cut = Array.from({ length: tiles ** 2 }, (_, tile) =>
      places.map(([row, column]) =>
        at(Math.floor(tile / tiles) * tileRows + row, (tile % tiles) * tileColumns + column),
      ),
    );
    expect(tokens?.dims).toEqual([1 + tiles ** 2, tileRows * tileColumns, channels]);
    expect(largestError(floatsOf(tokens), [small, ...cut].flat(2))).toBeLessThan(1e-6);
  });

  test('gives each picture so many views of its own', () => {
    const single = (whole: boolean) => ({
      definition: mapTiles,
      params: { side: 2, whole },
      inputs: { tokens: wire(4, 6, 3, { views: { known: true, views: 3, most: 3 } }) },
    });
    expect(valueOf(buildSingleNode(single(true))).outputs['tokens']).toEqual(
      wire(2, 3, 3, views(15, 3)),
    );
    expect(valueOf(buildSingleNode(single(false))).outputs['tokens']).toEqual(
      wire(2, 3, 3, views(12, 3)),
    );
  });

  test.for([
    [
      { side: 3 },
      wire(4, 6, 3),
      'A 4 × 6 grid does not divide into 3 × 3 tiles; choose a number of tiles that divides both sides.',
    ],
    [
      {},
      wire(4, 6, 3, { grid: null }),
      'Cutting a map needs tokens that lie on a grid; place it before anything that selects or merges tokens.',
    ],
  ] as const)('is refused where it cannot be', ([params, tokens, message]) => {
    expect(problemOf({ definition: mapTiles, params, inputs: { tokens } })).toEqual([message]);
  });
});

const problemOf = (single: Parameters<typeof buildSingleNode>[0]): readonly string[] => {
  const outcome = buildSingleNode(single);
  return outcome.ok ? [] : outcome.problems.map(({ message }) => message);
};

test.for([
  [
    wire(2, 3, 4, { grid: null }),
    wire(4, 6, 4),
    'Patch mining needs tokens that lie on a grid; place it before anything that selects or merges tokens.',
  ],
  [
    wire(2, 3, 4),
    wire(4, 6, 4, { grid: null, count: estimatedCount(5, 24) }),
    'The detail must lie on a grid; wire it before anything that selects or merges tokens.',
  ],
  [
    wire(2, 3, 4),
    wire(4, 7, 4),
    "The detail's 4 × 7 grid does not divide into a square for each of the 2 × 3 tokens; choose picture sizes of which one is a whole multiple of the other.",
  ],
  [
    wire(4, 6, 4),
    wire(2, 3, 4),
    "The detail's 2 × 3 grid does not divide into a square for each of the 4 × 6 tokens; choose picture sizes of which one is a whole multiple of the other.",
  ],
  [
    wire(2, 3, 4, views(5)),
    wire(4, 6, 4),
    'The tokens are of 5 views, the detail is of 1 view; cut the detail into as many tiles as the picture has, or give both the same pictures.',
  ],
] as const)(
  'mining is refused where there is no square for each token',
  ([tokens, detail, message]) => {
    const single = { definition: patchMining, params: {}, inputs: { tokens, detail } };
    expect(problemOf(single)).toEqual([message]);
  },
);

test("Mini-Gemini's config.json says how its picture is cut, that of LLaVA says nothing", () => {
  const mgm = { model_type: 'mini_gemini_gemma', mm_hidden_size: 1024, mm_hidden_size_aux: 2880 };
  const large = { ...mgm, image_grid: 2, image_global: true };
  expect(taken(mapTiles, config(large))).toMatchObject({
    value: { params: { side: 2, whole: true } },
  });
  expect(taken(mapTiles, config(mgm))).toMatchObject({
    value: { params: { side: 1, whole: false } },
  });
  expect(taken(patchMining, config(mgm))).toMatchObject({
    value: { params: {}, took: ["Mini-Gemini's mining", '1024 and 2880 channels'] },
  });
  for (const node of [mapTiles, patchMining])
    expect(refusal(node, config({ model_type: 'llava', mm_hidden_size: 1024 }))).toMatch(
      /describes no second encoder/,
    );
});
