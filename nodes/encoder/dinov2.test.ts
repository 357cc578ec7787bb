/** DINOv2: its published sizes, what leaves it, and what a published configuration says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { Json } from '#engine/contract/document.ts';
import { countParameters } from '#engine/estimate/model-cost.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError, layerNorm, toRows } from '../slow-formulas.testing.ts';
import { dinov2 } from './dinov2.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

type Params = Readonly<Record<string, Json>>;
type Size = readonly [height: number, width: number];

const single = (params: Params, [height, width]: Size) => ({
  definition: dinov2,
  params,
  inputs: { pixels: { kind: 'pixels', height, width } as const },
});

/** Parameters that timm counts for `vit_*_patch14_dinov2` and `vit_*_patch14_reg4_dinov2`, in millions. */
it.each([
  ['small', 22.06],
  ['base', 86.58],
  ['large', 304.37],
  ['giant', 1136.48],
  ['small-registers', 22.06],
  ['base-registers', 86.58],
  ['large-registers', 304.37],
  ['giant-registers', 1136.48],
])('%s has as many parameters as published', (model, millions) => {
  const params = { model, select: 'all', featureLayer: -1 };
  const built = valueOf(buildSingleNode(single(params, [518, 518])));
  expect(countParameters([built.model]) / 1e6 / millions).toBeCloseTo(1, 3);
});

describe('the tokens of a rectangular picture', () => {
  const size: Size = [17, 30];
  const figures = {
    model: 'custom',
    imageSize: 24,
    patchSize: 8,
    hiddenSize: 16,
    layerCount: 2,
    headCount: 2,
    feedForwardSize: 24,
    registerCount: 3,
  };
  const pixels = normalNumbers(3 * size[0] * size[1], 5);

  it('are class token, registers and patches of one whole, normed in the last layer only', async () => {
    const folder = await bench.newFolder();
    const withWeights = (params: Params) =>
      single({ ...figures, weights: { kind: 'checkpoint', folder }, ...params }, size);
    const everything = withWeights({ select: 'all', featureLayer: -1 });
    const known = await writeKnownWeights(folder, [valueOf(buildSingleNode(everything)).model], 3);
    const tokens = async (params: Params) => {
      const run = await bench.runNode(withWeights(params), {
        pixels: float32(pixels, [1, 3, ...size]),
      });
      return toRows(floatsOf(run['tokens']), 16);
    };
    const wireOf = (params: Params) =>
      valueOf(buildSingleNode(withWeights(params))).outputs['tokens'] as WireOf<'tokens'>;

    const all = await tokens({ select: 'all', featureLayer: -1 });
    expect(all).toHaveLength(1 + 3 + 2 * 3);
    const patches = await tokens({ select: 'patches', featureLayer: -1 });
    expect(largestError(patches.flat(), all.slice(4).flat())).toBeLessThan(1e-6);
    const pooled = await tokens({ select: 'pooled', featureLayer: -2 });
    expect(largestError(pooled.flat(), all[0] ?? [])).toBeLessThan(1e-6);
    // A tower that ends a layer earlier, but for its norm.
    const second = await tokens({ select: 'all', featureLayer: -2 });
    const shorter = await tokens({ select: 'all', featureLayer: -1, layerCount: 1 });
    const numbers = (part: string) => known.get(`layernorm.${part}`)?.data ?? [];
    const normed = layerNorm(second, numbers('weight'), numbers('bias'), 1e-6);
    expect(largestError(shorter.flat(), normed.flat())).toBeLessThan(2e-5);

    const facts = ['patches', 'all', 'pooled'].map((select) => {
      const { count, prefixTokens, grid } = wireOf({ select });
      return [count.tokens, prefixTokens, grid];
    });
    const grid = { rows: 2, columns: 3 };
    expect(facts).toEqual([
      [6, 0, grid],
      [10, 4, grid],
      [1, 0, null],
    ]);
  });

  it('are none where the picture holds no patch', () => {
    const outcome = buildSingleNode(single(figures, [7, 30]));
    expect(outcome).toMatchObject({ ok: false, problems: [{ code: 'dimension-mismatch' }] });
  });
});

describe('a published configuration', () => {
  const taken = (config: JsonObject) => valueOf(dinov2.fromConfig!({ 'config.json': config }));
  const giant = {
    model_type: 'dinov2',
    image_size: 518,
    hidden_size: 1536,
    num_hidden_layers: 40,
    num_attention_heads: 24,
    use_swiglu_ffn: true,
  };

  it.each<[string, JsonObject]>([
    ['giant', giant],
    ['giant-registers', { ...giant, model_type: 'dinov2_with_registers' }],
    ['base', { model_type: 'dinov2', image_size: 518 }],
  ])('is that of %s', (model, config) => {
    expect(taken(config).params).toEqual({ model, positions: 'hugging-face' });
  });

  it('of another size gives its figures', () => {
    const small = { model_type: 'dinov2_with_registers', hidden_size: 36, mlp_ratio: 2 };
    const { params, took } = taken({ ...small, num_register_tokens: 2 });
    expect(params).toMatchObject({
      model: 'custom',
      hiddenSize: 36,
      feedForwardSize: 72,
      registerCount: 2,
      gated: false,
    });
    expect(took).toContain('2 registers');
  });
});
