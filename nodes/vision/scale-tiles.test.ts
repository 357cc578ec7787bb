/** S²: pictures at several scales, against plain slow formulas. */
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { config, refusal, taken } from '#verify/taking-config.testing.ts';
import { catalogue } from '../index.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { scaleTiles } from './scale-tiles.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const single = (side: number, params: object = {}, demand?: number, more: object = {}) => ({
  definition: scaleTiles,
  params: { ...params },
  inputs: { pixels: { kind: 'pixels', height: side, width: side, ...more } as WireOf<'pixels'> },
  ...(demand !== undefined && { demands: { pixels: { pixels: demand } } }),
});

/** Keys' kernel with a = −0.75, as torch resizes without antialiasing. */
function keys(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return 1.25 * x ** 3 - 2.25 * x ** 2 + 1;
  return x < 2 ? -0.75 * (x ** 3 - 5 * x ** 2 + 8 * x - 4) : 0;
}

/** One place of a plane brought from a side to another. */
function bicubic(plane: Float32Array, from: number, to: number, row: number, column: number) {
  const centre = (at: number) => ((at + 0.5) * from) / to - 0.5;
  const taps = (at: number) =>
    [-1, 0, 1, 2].map((step) => {
      const place = Math.floor(centre(at)) + step;
      const inside = Math.min(Math.max(place, 0), from - 1);
      return [inside, keys(centre(at) - place)] as const;
    });
  let sum = 0;
  for (const [y, down] of taps(row))
    for (const [x, across] of taps(column)) sum += down * across * (plane[y * from + x] ?? NaN);
  return sum;
}

it.each([
  ['1, 2, 3', 12, 4],
  ['1, 3', 9, 4],
  ['2', 6, 3],
  ['2, 1', 8, 4],
])(
  'scales of %s tiles a side of %i pixels are the picture resized and cut',
  async (scales, side, tile) => {
    const data = normalNumbers(3 * side ** 2, 3);
    const { pixels } = await bench.runNode(single(side, { scales }, tile), {
      pixels: float32(data, [1, 3, side, side]),
    });
    const expected: number[] = [];
    for (const scale of scales.split(',').map(Number))
      for (let place = 0; place < scale ** 2; place++)
        for (const channel of [0, 1, 2])
          for (let inside = 0; inside < tile ** 2; inside++) {
            const row = Math.floor(place / scale) * tile + Math.floor(inside / tile);
            const column = (place % scale) * tile + (inside % tile);
            const plane = data.subarray(channel * side ** 2, (channel + 1) * side ** 2);
            expected.push(bicubic(plane, side, scale * tile, row, column));
          }
    expect(pixels?.dims).toEqual([expected.length / (3 * tile ** 2), 3, tile, tile]);
    expect(largestError(floatsOf(pixels), expected)).toBeLessThan(5e-6);
  },
);

test("Bunny's 14 tiles of a picture of 1152 pixels leave 729 tokens of 3456 channels", () => {
  const checked = checkGraph(
    sketchDocument(
      {
        image: ['input/image', { source: { kind: 'sample', name: 'still-life' } }],
        shape: ['vision/preprocess', { geometry: 'pad', normalisation: 'half' }],
        tiles: ['vision/scale-tiles'],
        siglip: ['encoder/siglip', { model: 'so400m-p14-384' }],
        join: ['fusion/scale-join'],
        projector: ['projector/mlp', { outputWidth: 3072 }],
      },
      [
        'image.image > shape.image',
        'shape.pixels > tiles.pixels',
        'tiles.pixels > siglip.pixels',
        'siglip.tokens > join.tokens',
        'join.tokens > projector.tokens',
      ],
    ),
    catalogue,
  );
  expect(checked.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(checked.nodes['shape']?.outputs['pixels']).toMatchObject({ width: 1152, height: 1152 });
  expect(checked.nodes['siglip']?.outputs['tokens']).toMatchObject({
    views: { known: true, views: 14, most: 14, items: 1 },
  });
  expect(checked.nodes['join']?.outputs['tokens']).toEqual({
    kind: 'tokens',
    count: { known: true, tokens: 729, most: 729 },
    channels: 3456,
    prefixTokens: 0,
    grid: { rows: 27, columns: 27 },
  });
});

test("Monkey's four windows of 448 pixels and the whole leave 256 tokens each", () => {
  const checked = checkGraph(
    sketchDocument(
      {
        image: ['input/image', { source: { kind: 'sample', name: 'still-life' } }],
        shape: ['vision/preprocess', { geometry: 'squash' }],
        windows: ['vision/scale-tiles', { scales: '2, 1' }],
        eyes: ['encoder/monkey-vit'],
        resampler: ['projector/sincos-resampler'],
      },
      [
        'image.image > shape.image',
        'shape.pixels > windows.pixels',
        'windows.pixels > eyes.pixels',
        'eyes.tokens > resampler.tokens',
      ],
    ),
    catalogue,
  );
  expect(checked.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(checked.nodes['shape']?.outputs['pixels']).toMatchObject({ width: 896, height: 896 });
  expect(checked.nodes['eyes']?.outputs['tokens']).toMatchObject({ count: { tokens: 1024 } });
  expect(checked.nodes['resampler']?.outputs['tokens']).toMatchObject({
    views: { views: 5, items: 1 },
    count: { tokens: 256 },
    channels: 4096,
  });
});

describe('what cannot be cut', () => {
  it.each([
    [
      { scales: 'one' },
      '"one" is no list of scales; write tiles a side, such as 1, 2, 3, of at most 12.',
      {},
    ],
    [
      { scales: '1, 40' },
      '"1, 40" is no list of scales; write tiles a side, such as 1, 2, 3, of at most 12.',
      {},
    ],
    [
      {},
      'Scales are cut from square pictures, these are 10 × 12; let the preprocessing pad, crop or squash them.',
      { width: 10 },
    ],
    [
      {},
      'Scales are cut from whole pictures, and these are tiles or frames; wire the picture through Preprocess alone.',
      { views: { known: true, views: 5, most: 5, items: 1 } },
    ],
    [
      { scales: '1, 5' },
      '12 pixels do not divide into 5 tiles; wire the tiles to an encoder, or choose a size that divides.',
      {},
    ],
  ])('%j is told', (params, message, more) => {
    const outcome = buildSingleNode(single(12, params, undefined, more));
    expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
  });
});

test('a configuration names the sizes in pixels', () => {
  const took = (json: Parameters<typeof config>[0]) => taken(scaleTiles, config(json));
  expect(took({ model_type: 'bunny-phi3', use_s2: true })).toMatchObject({
    value: { params: { scales: '1, 2, 3' } },
  });
  expect(took({ model_type: 'monkey' })).toMatchObject({ value: { params: { scales: '2, 1' } } });
  expect(took({ s2: true, s2_scales: '448,896', s2_max_split_size: 448 })).toMatchObject({
    value: { params: { scales: '1, 2' } },
  });
  expect(refusal(scaleTiles, config({ use_s2: true, s2_scales: '384,500' }))).toMatch(/384,500/);
  expect(refusal(scaleTiles, config({ model_type: 'bunny-phi' }))).toMatch(/one scale only/);
});
