/** Qwen-VL's tower against a slow formula; no recorded case reaches it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import {
  openKnownTower,
  slowLinear,
  slowNorm,
  slowPatches,
  slowSum,
} from '#verify/known-tower.testing.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import { config, refusal, taken } from '#verify/taking-config.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { attend, gelu, largestError, linear, toRows, type Rows } from '../slow-formulas.testing.ts';
import { qwenVlVit } from './qwen-vl-vit.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const small = {
  imageSize: 12,
  patchSize: 4,
  hiddenSize: 16,
  layerCount: 2,
  headCount: 4,
  feedForwardSize: 24,
  positionSide: 3,
};

/** Of each head, four rows of its query, four of its key and four of its value. */
const partOf = (rows: Rows, part: number): Rows =>
  rows.map((row) => row.filter((_, channel) => Math.floor((channel % 12) / 4) === part));

test('patches, positions and norm, then layers whose projections lie head by head', async () => {
  const tower = await openKnownTower(bench, qwenVlVit, small, {}, [12, 12]);
  const pixels = Array.from(normalNumbers(3 * 12 * 12, 4));
  const kernels = toRows(tower.numbers('conv1.weight'), 48);
  const patches = linear(slowPatches(pixels, [12, 12], 4), kernels);
  const placed = slowSum(patches, toRows(tower.numbers('positional_embedding'), 16));
  let expected = slowNorm(tower, 'ln_pre', placed, 1e-6);
  for (const index of [0, 1]) {
    const layer = `transformer.resblocks.${index}`;
    const normed = slowNorm(tower, `${layer}.ln_1`, expected, 1e-6);
    const all = slowLinear(tower, `${layer}.attn.in_proj`, normed);
    const mixed = attend(partOf(all, 0), partOf(all, 1), partOf(all, 2), 4);
    const sum = slowSum(expected, slowLinear(tower, `${layer}.attn.out_proj`, mixed));
    const second = slowNorm(tower, `${layer}.ln_2`, sum, 1e-6);
    const up = slowLinear(tower, `${layer}.mlp.c_fc`, second).map((row) => row.map(gelu));
    expected = slowSum(sum, slowLinear(tower, `${layer}.mlp.c_proj`, up));
  }
  expect(largestError((await tower.tokens(pixels)).flat(), expected.flat())).toBeLessThan(2e-5);
});

test('the published size leaves 1024 tokens of 448 pixels, its positions stretched', () => {
  const inputs = { pixels: { kind: 'pixels', height: 448, width: 448 } as const };
  const { model, outputs } = valueOf(
    buildSingleNode({ definition: qwenVlVit, params: {}, inputs }),
  );
  expect(outputs['tokens']).toMatchObject({ count: { tokens: 1024 }, channels: 1664 });
  const layer = 4 * (1664 ** 2 + 1664) + 2 * 1664 * 8192 + 8192 + 1664 + 4 * 1664;
  const outside = 3 * 14 ** 2 * 1664 + 256 * 1664 + 2 * 1664;
  expect(countParameters([model])).toBe(48 * layer + outside);
});

test('configurations of Qwen-VL and Monkey are read', () => {
  const visual = {
    heads: 16,
    image_size: 448,
    layers: 48,
    mlp_ratio: 4.9231,
    output_dim: 4096,
    patch_size: 14,
    width: 1664,
  };
  const took = (json: Parameters<typeof config>[0]) => taken(qwenVlVit, config(json));
  const published = { value: { params: { model: 'vit-bigg14-448', featureLayer: -1 } } };
  expect(took({ model_type: 'qwen', visual })).toMatchObject(published);
  const whole = { ...visual, image_size: [896, 896] };
  expect(took({ model_type: 'monkey', visual: whole })).toMatchObject(published);
  expect(refusal(qwenVlVit, config({ model_type: 'llava' }))).toMatch(/"llava"/);
});
