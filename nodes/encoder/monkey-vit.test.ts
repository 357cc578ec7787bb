/** Adapters of each window against a slow formula; no recorded case reaches them. */
import { afterAll, beforeAll, expect, it, test } from 'vitest';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import {
  openKnownTower,
  slowLinear,
  slowNorm,
  slowSum,
  type KnownTower,
} from '#verify/known-tower.testing.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import { config, refusal, taken } from '#verify/taking-config.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { attend, gelu, largestError, linear, toRows, type Rows } from '../slow-formulas.testing.ts';
import { monkeyVit } from './monkey-vit.ts';

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
  windowCount: 2,
  attentionRank: 3,
  feedForwardRank: 5,
};
const views = { known: true, views: 3, most: 3, items: 1 };

const partOf = (rows: Rows, part: number): Rows =>
  rows.map((row) => row.filter((_, channel) => Math.floor((channel % 12) / 4) === part));

/** Nothing for the whole, which is the last view. */
function adapted(tower: KnownTower, name: string, view: number, rows: Rows, alone: Rows): Rows {
  if (view === small.windowCount) return alone;
  const { numbers } = tower;
  const own = `${name}.${view}`;
  const inner = linear(rows, toRows(numbers(`${own}.lora_a.weight`), 16));
  const up = linear(inner, toRows(numbers(`${own}.lora_b.weight`), inner[0]?.length ?? 1));
  const scale = numbers(`${own}.lora_scale`)[0] ?? NaN;
  return slowSum(
    alone,
    up.map((row) => row.map((number) => number * scale)),
  );
}

function slowLayer(tower: KnownTower, index: number, view: number, tokens: Rows): Rows {
  const layer = `transformer.resblocks.${index}`;
  const normed = slowNorm(tower, `${layer}.ln_1`, tokens, 1e-6);
  const plain = slowLinear(tower, `${layer}.attn.in_proj`, normed);
  const all = adapted(tower, `${layer}.attn.in_proj_lora`, view, normed, plain);
  const mixed = attend(partOf(all, 0), partOf(all, 1), partOf(all, 2), 4);
  const out = slowLinear(tower, `${layer}.attn.out_proj`, mixed);
  const sum = slowSum(tokens, adapted(tower, `${layer}.attn.out_proj_lora`, view, mixed, out));
  const second = slowNorm(tower, `${layer}.ln_2`, sum, 1e-6);
  const up = slowLinear(tower, `${layer}.mlp.c_fc`, second).map((row) => row.map(gelu));
  const down = slowLinear(tower, `${layer}.mlp.c_proj`, up);
  return slowSum(sum, adapted(tower, `${layer}.mlp_lora`, view, sum, down));
}

test('each window goes through its own adapters, and the whole through none', async () => {
  const tower = await openKnownTower(bench, monkeyVit, small, {}, [12, 12], views);
  const pixels = Array.from(normalNumbers(3 * 3 * 12 * 12, 4));
  const entering = await tower.tokens(pixels, { featureLayer: -3 }, views);
  const left = await tower.tokens(pixels, { featureLayer: -1 }, views);
  const expected = [0, 1, 2].flatMap((view) => {
    const own = entering.slice(view * 9, (view + 1) * 9);
    return slowLayer(tower, 1, view, slowLayer(tower, 0, view, own));
  });
  // Adapters of random weights make large numbers, of which rounding is a share.
  const largest = Math.max(...expected.flat().map(Math.abs));
  expect(largestError(left.flat(), expected.flat()) / largest).toBeLessThan(2e-6);
  const shared = await tower.tokens(
    [...pixels.slice(0, 432), ...pixels.slice(0, 432), ...pixels.slice(0, 432)],
    {},
    views,
  );
  expect(largestError(shared.slice(0, 9).flat(), shared.slice(9, 18).flat())).toBeGreaterThan(1);
  expect(largestError(shared.slice(9, 18).flat(), shared.slice(18).flat())).toBeGreaterThan(1);
});

test('four windows and the whole leave 1024 tokens each, at 117 million parameters more', () => {
  const five = { known: true, views: 5, most: 5, items: 1 };
  const inputs = { pixels: { kind: 'pixels', height: 448, width: 448, views: five } as const };
  const built = valueOf(buildSingleNode({ definition: monkeyVit, params: {}, inputs }));
  expect(built.outputs['tokens']).toMatchObject({ count: { tokens: 1024 }, views: five });
  const width = 1664;
  const ofLayer = 16 * (4 * width) + 16 * (2 * width) + 32 * (2 * width) + 3;
  expect(countParameters([built.model])).toBe(1_842_770_688 + 48 * 4 * ofLayer);
});

it.each([1, 4])('%i views are refused', (count) => {
  const given = { known: true, views: count, most: count, items: 1 };
  const inputs = { pixels: { kind: 'pixels', height: 448, width: 448, views: given } as const };
  const outcome = buildSingleNode({ definition: monkeyVit, params: {}, inputs });
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([
    `Monkey's tower sees 4 windows of each picture and then the whole, 5 views, and it is given ${count}; wire Tiles at several scales before it.`,
  ]);
});

test('only the configuration of Monkey is read', () => {
  const visual = {
    heads: 16,
    image_size: 896,
    layers: 48,
    mlp_ratio: 4.9231,
    patch_size: 14,
    width: 1664,
  };
  expect(taken(monkeyVit, config({ model_type: 'monkey', visual }))).toMatchObject({
    value: { params: { model: 'monkey', featureLayer: -1 } },
  });
  expect(refusal(monkeyVit, config({ model_type: 'qwen', visual }))).toMatch(/"qwen"/);
});
