/** What no recorded case of a tower reaches, against slow formulas: the 6B, any size, clips, several views at once. */
import { afterAll, beforeAll, expect, it, test } from 'vitest';
import { NodeBench } from '#verify/node-bench.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { attend, largestError, relu, type Rows } from '../slow-formulas.testing.ts';
import { catalogue } from '../index.ts';
import { aimv2 } from './aimv2.ts';
import { internVit } from './intern-vit.ts';
import {
  openKnownTower,
  slowLinear,
  slowPatches,
  slowRmsNorm,
  slowSum,
} from '#verify/known-tower.testing.ts';
import { qwen2VlVision } from './qwen2-vl-vision.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const small = {
  imageSize: 16,
  patchSize: 4,
  hiddenSize: 16,
  layerCount: 2,
  headCount: 2,
  feedForwardSize: 24,
};
const close = 2e-5;
const error = (computed: Rows, expected: Rows) => largestError(computed.flat(), expected.flat());

test('a layer of InternViT 6B norms queries and keys over their whole width', async () => {
  const large = {
    ...small,
    layerCount: 1,
    activation: 'relu',
    normKind: 'rms',
    projectionBias: false,
    normedQueryKey: true,
    select: 'all',
  };
  const tower = await openKnownTower(bench, internVit, large, {}, [16, 16]);
  const pixels = Array.from(normalNumbers(3 * 16 * 16, 4));
  const entering = await tower.tokens(pixels, { featureLayer: -2 });
  const layer = 'encoder.layer.0';
  const normed = slowRmsNorm(tower, `${layer}.layernorm_before`, entering, 1e-6);
  const projected = (part: string) =>
    slowLinear(tower, `${layer}.attention.${part}_proj`, normed, false);
  const mixed = attend(
    slowRmsNorm(tower, `${layer}.attention.q_norm`, projected('q'), 1e-6),
    slowRmsNorm(tower, `${layer}.attention.k_norm`, projected('k'), 1e-6),
    projected('v'),
    2,
  );
  const attended = slowLinear(tower, `${layer}.attention.projection_layer`, mixed);
  const sum = slowSum(entering, attended, tower.numbers(`${layer}.lambda_1`));
  const second = slowRmsNorm(tower, `${layer}.layernorm_after`, sum, 1e-6);
  const up = slowLinear(tower, `${layer}.mlp.fc1`, second).map((row) => row.map(relu));
  const down = slowLinear(tower, `${layer}.mlp.fc2`, up);
  const expected = slowSum(sum, down, tower.numbers(`${layer}.lambda_2`));
  expect(error(await tower.tokens(pixels, { featureLayer: -1 }), expected)).toBeLessThan(close);
});

test('an AIMv2 of any size tells its patches where they are by sines and cosines', async () => {
  const size = [13, 24] as const;
  const params = { ...small, sinePositions: true };
  const tower = await openKnownTower(bench, aimv2, params, {}, size);
  const pixels = Array.from(normalNumbers(3 * size[0] * size[1], 4));
  const entering = await tower.tokens(pixels, { featureLayer: -3 });
  const embedded = slowLinear(tower, 'embeddings.patch_embed', slowPatches(pixels, size, 4));
  const normed = slowRmsNorm(tower, 'embeddings.rms_norm', embedded, 1e-5);
  const waves = (at: number) => {
    const turns = [1, 0.1, 0.01, 0.001].map((frequency) => at * frequency);
    return [...turns.map(Math.sin), ...turns.map(Math.cos)];
  };
  const positions = Array.from({ length: 3 * 6 }, (_, place) => [
    ...waves(place % 6),
    ...waves(Math.floor(place / 6)),
  ]);
  expect(error(entering, slowSum(normed, positions))).toBeLessThan(close);
});

test('a picture is to Qwen2-VL a clip that does not move, and a clip is seen two frames at a time', async () => {
  const size = [24, 16] as const;
  const params = { ...small, windowPixels: 8, globalEvery: 2, outputSize: 12 };
  const tower = await openKnownTower(bench, qwen2VlVision, params, {}, size);
  const frame = (seed: number) => Array.from(normalNumbers(3 * size[0] * size[1], seed));
  const clip = (frames: number) =>
    ({ known: true, views: frames, most: frames, items: 1, media: 'video' }) as const;
  const [one, other] = [frame(1), frame(2)];
  const still = await tower.tokens(one);
  expect([still.length, still[0]?.length]).toEqual([3 * 2, 12]);
  expect(error(await tower.tokens([...one, ...one], {}, clip(2)), still)).toBeLessThan(close);
  const moving = await tower.tokens([...one, ...other], {}, clip(2));
  expect(error(moving, still)).toBeGreaterThan(0.01);
  const four = await tower.tokens([...one, ...one, ...one, ...other], {}, clip(4));
  expect(error(four, [...still, ...moving])).toBeLessThan(close);
});

it.each([
  ['siglip2', small],
  ['idefics3-vision', small],
  ['eva', { ...small, positions: 'interpolated', select: 'mean' }],
  ['eva02', { ...small, positions: 'interpolated', innerNorms: 'both' }],
  ['dinov3', { ...small, select: 'all' }],
  ['aimv2', { ...small, positions: 'interpolated', select: 'pooled' }],
  ['intern-vit', { ...small, positions: 'interpolated' }],
  ['pixtral', { ...small, imageSize: 64 }],
  ['qwen2-vl-vision', { ...small, windowPixels: 16, globalEvery: 2, outputSize: 12 }],
  ['vitamin', { ...small, positions: 'interpolated', imageSize: 32, stemSize: 8, secondSize: 8 }],
  ['sam-vit', { ...small, positions: 'interpolated', windowSize: 3, globalEvery: 2 }],
  ['swin', { hiddenSize: 12, depths: '2, 2', headCounts: '2, 3', windowSize: 3 }],
] as const)('%s sees several rectangular views as it sees each alone', async (name, params) => {
  const size = [48, 32] as const;
  const definition = catalogue[`encoder/${name}`];
  const tower = await openKnownTower(bench, definition, params, {}, size);
  const views = [1, 2, 3].map((seed) => Array.from(normalNumbers(3 * size[0] * size[1], seed)));
  const together = await tower.tokens(views.flat(), {}, { known: true, views: 3, most: 3 });
  const alone: Rows[] = [];
  for (const view of views) alone.push(await tower.tokens(view));
  expect(error(together, alone.flat())).toBeLessThan(close);
});
