/** What leaves a vision tower: which tokens, of which layer, and the last layer's queries and keys. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import type { KnownTensor } from '#host/weights/write-safetensors.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import {
  attend,
  geluTanh,
  largestError,
  layerNorm,
  linear,
  toRows,
  type Rows,
} from '../slow-formulas.testing.ts';
import { clipVit } from './clip-vit.ts';
import { siglip } from './siglip.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

type Params = Readonly<Record<string, Json>>;

/** 26 pixels hold 3 patches of 8 a side; two pixels fill none. */
const size = { imageSize: 26, patchSize: 8, hiddenSize: 16, headCount: 2, feedForwardSize: 24 };
const layerCount = 3;
const patches = 9;
const pixels = normalNumbers(3 * 26 * 26, 4);

/** A tower with known weights, run with one set of parameters after the other. */
async function openTower(definition: AnyNodeDefinition, everything: readonly Params[]) {
  const folder = await bench.newFolder();
  const single = (params: Params, wired: readonly string[] = []) => ({
    definition,
    params: {
      model: 'custom',
      ...size,
      layerCount,
      projectionSize: 12,
      weights: { kind: 'checkpoint', folder },
      ...params,
    },
    inputs: { pixels: { kind: 'pixels', height: 26, width: 26 } as const },
    wired,
  });
  const models = everything.map((params) => valueOf(buildSingleNode(single(params))).model);
  const known = await writeKnownWeights(folder, models, 2);
  const run = (params: Params, wired?: readonly string[]) =>
    bench.runNode(single(params, wired), { pixels: float32(pixels, [1, 3, 26, 26]) });
  return {
    known,
    run,
    wireOf: (params: Params) =>
      valueOf(buildSingleNode(single(params))).outputs['tokens'] as WireOf<'tokens'>,
    tokens: async (params: Params) => {
      const { tokens } = await run(params);
      return toRows(floatsOf(tokens), tokens?.dims[2] ?? 0);
    },
  };
}

function slowNorm(
  known: ReadonlyMap<string, KnownTensor>,
  name: string,
  rows: Rows,
  epsilon: number,
) {
  const numbers = (part: string) => (known.get(`${name}.${part}`) as KnownTensor).data;
  return layerNorm(rows, numbers('weight'), numbers('bias'), epsilon);
}

function slowLinear(known: ReadonlyMap<string, KnownTensor>, name: string, rows: Rows) {
  const { data, shape } = known.get(`${name}.weight`) as KnownTensor;
  return linear(rows, toRows(data, shape[1] ?? 0), known.get(`${name}.bias`)?.data);
}

const error = (computed: Rows, expected: Rows) => largestError(computed.flat(), expected.flat());
const close = 2e-5;

describe('CLIP', () => {
  const open = () =>
    openTower(clipVit, [{ select: 'projected' }, { select: 'all', featureLayer: -1 }]);

  test('patches, class token, pooled and projected token are parts of one whole', async () => {
    const { known, tokens, wireOf } = await open();
    const last = await tokens({ select: 'all', featureLayer: -1 });
    expect(error(await tokens({ select: 'patches', featureLayer: -1 }), last.slice(1))).toBe(0);
    const pooled = slowNorm(known, 'post_layernorm', last.slice(0, 1), 1e-5);
    // The pooled token is the last layer's, whatever layer the patches are taken from.
    expect(error(await tokens({ select: 'pooled', featureLayer: -2 }), pooled)).toBeLessThan(close);
    const projected = slowLinear(known, 'visual_projection', pooled);
    expect(error(await tokens({ select: 'projected' }), projected)).toBeLessThan(close);

    const facts = ['patches', 'all', 'pooled', 'projected'].map((select) => {
      const { count, channels, prefixTokens, grid } = wireOf({ select });
      return [count.tokens, channels, prefixTokens, grid?.rows ?? null];
    });
    expect(facts).toEqual([
      [patches, 16, 0, 3],
      [patches + 1, 16, 1, 3],
      [1, 16, 0, null],
      [1, 12, 0, null],
    ]);
  });

  test('layer −2 is the last layer of a tower with one layer less, and −4 what enters the first of three', async () => {
    const { known, tokens } = await open();
    const second = await tokens({ select: 'all', featureLayer: -2 });
    const shorter = await tokens({ select: 'all', featureLayer: -1, layerCount: layerCount - 1 });
    expect(error(second, shorter)).toBe(0);
    const last = await tokens({ select: 'all', featureLayer: -1 });
    expect(error(second, last)).toBeGreaterThan(0.1);

    const { data } = known.get('embeddings.patch_embedding.weight') as KnownTensor;
    const positions = toRows(known.get('embeddings.position_embedding.weight')?.data ?? [], 16);
    const classToken = Array.from(known.get('embeddings.class_embedding')?.data ?? []);
    const embedded = [classToken, ...linear(cutPatches(), toRows(data, 3 * 8 * 8))].map(
      (row, place) => row.map((number, channel) => number + (positions[place]?.[channel] ?? NaN)),
    );
    const entering = slowNorm(known, 'pre_layrnorm', embedded, 1e-5);
    expect(error(await tokens({ select: 'all', featureLayer: -4 }), entering)).toBeLessThan(close);
  });

  test.for([-1, -2, -3, -4])(
    "the last layer's queries and keys leave only where someone reads them (layer %i)",
    async (featureLayer) => {
      const { known, run, tokens } = await open();
      const plain = await run({ featureLayer });
      expect(Object.keys(plain)).toEqual(['tokens']);
      const outputs = await run({ featureLayer }, ['queryKey']);
      expect(Object.keys(outputs).toSorted()).toEqual(['queryKey.key', 'queryKey.query', 'tokens']);
      expect(largestError(floatsOf(outputs['tokens']), floatsOf(plain['tokens']))).toBeLessThan(
        close,
      );

      const layer = `encoder.layers.${layerCount - 1}`;
      const entering = await tokens({ select: 'all', featureLayer: -2 });
      const normed = slowNorm(known, `${layer}.layer_norm1`, entering, 1e-5);
      for (const [port, projection] of [
        ['query', 'q_proj'],
        ['key', 'k_proj'],
      ] as const) {
        // prettier-ignore
        const expected = slowLinear(known, `${layer}.self_attn.${projection}`, normed);
        const computed = toRows(floatsOf(outputs[`queryKey.${port}`]), 16);
        expect(error(computed, expected)).toBeLessThan(close);
      }
    },
  );
});

/** Patches row by row, each [3 · 8 · 8] in the order of a convolution's weight. */
function cutPatches(): Rows {
  return Array.from({ length: patches }, (_, place) => {
    const [top, left] = [8 * Math.floor(place / 3), 8 * (place % 3)];
    return Array.from({ length: 3 * 64 }, (_none, index) => {
      const [channel, y, x] = [Math.floor(index / 64), Math.floor(index / 8) % 8, index % 8];
      return pixels[(channel * 26 + top + y) * 26 + left + x] ?? NaN;
    });
  });
}

describe('SigLIP', () => {
  test('only the last layer has the final norm, and pooling reads that', async () => {
    const params = [{ featureLayer: -1 }, { select: 'pooled' }];
    const { known, tokens, wireOf } = await openTower(siglip, params);
    // A tower that ends a layer earlier, but for its norm.
    const second = await tokens({ featureLayer: -2 });
    const shorter = await tokens({ featureLayer: -1, layerCount: layerCount - 1 });
    expect(error(shorter, slowNorm(known, 'post_layernorm', second, 1e-6))).toBeLessThan(close);
    const pooled = await tokens({ select: 'pooled' });
    expect(error(await tokens({ select: 'pooled', featureLayer: -2 }), pooled)).toBe(0);
    expect(error(pooled, poolSlowly(known, await tokens({ featureLayer: -1 })))).toBeLessThan(
      close,
    );
    expect([wireOf({}).count.tokens, wireOf({ select: 'pooled' }).count.tokens]).toEqual([9, 1]);
  });
});

/** One learned query attends to all tokens; then norm, feed-forward and residual. */
function poolSlowly(known: ReadonlyMap<string, KnownTensor>, tokens: Rows): Rows {
  const project = (rows: Rows, part: string) => slowLinear(known, `head.attention.${part}`, rows);
  const probe = toRows(known.get('head.probe')?.data ?? [], 16);
  const query = project(probe, 'query');
  const [key, value] = [project(tokens, 'key'), project(tokens, 'value')];
  const attended = attend(query, key, value, size.headCount);
  const pooled = slowLinear(known, 'head.attention.out_proj', attended);
  const normed = slowNorm(known, 'head.layernorm', pooled, 1e-6);
  const up = slowLinear(known, 'head.mlp.fc1', normed).map((row) => row.map(geluTanh));
  return slowLinear(known, 'head.mlp.fc2', up).map((row, place) =>
    row.map((number, channel) => number + (pooled[place]?.[channel] ?? NaN)),
  );
}
