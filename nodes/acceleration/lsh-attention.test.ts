/** LSH attention inside an encoder; its formula has a test of its own, beside the block. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { vit } from '../encoder/vit.ts';
import { catalogue } from '../index.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { lshAttentionPart } from './lsh-attention.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

type Params = Readonly<Record<string, Json>>;
const side = 25;
const pixels = normalNumbers(3 * side * side, 4);

async function tokens(featureLayer: number, ...parts: readonly Params[]): Promise<Float32Array> {
  const single = {
    definition: vit,
    params: {
      model: 'custom',
      imageSize: side,
      patchSize: 5,
      hiddenSize: 16,
      layerCount: 4,
      headCount: 2,
      feedForwardSize: 24,
      featureLayer,
    },
    inputs: { pixels: { kind: 'pixels', height: side, width: side } as const },
    parts: { parts: parts.map((params) => ({ definition: lshAttentionPart, params })) },
  };
  const given = { pixels: float32(pixels, [1, 3, side, side]) };
  return floatsOf((await bench.runNode(single, given))['tokens']);
}

test('acts in the blocks that it is for, and by its own seed', async () => {
  const late = { layers: 'second-half', buckets: 4, hashes: 2 };
  expect(largestError(await tokens(-3, late), await tokens(-3))).toBe(0);
  expect(largestError(await tokens(-2, late), await tokens(-2))).toBeGreaterThan(1e-3);
  const other = await tokens(-1, { ...late, seed: 1 });
  expect(largestError(await tokens(-1, late), other)).toBeGreaterThan(1e-3);
  expect(largestError(await tokens(-1, late), await tokens(-1, late))).toBe(0);
});

test('of one bucket that all can reach, neither hashes nor the seed matter', async () => {
  const one = { buckets: 1, hashes: 1 };
  const expected = await tokens(-1, one);
  expect(largestError(await tokens(-1, { ...one, hashes: 3, seed: 8 }), expected)).toBeLessThan(
    1e-4,
  );
  expect(largestError(await tokens(-1, { ...one, chunkSize: 13 }), expected)).toBeLessThan(1e-4);
});

test('buckets of a hash come in pairs', () => {
  const graph = (buckets: number) =>
    checkGraph(sketchDocument({ lsh: ['acceleration/lsh-attention', { buckets }] }), catalogue);
  expect(graph(1).problems).toEqual([]);
  expect(graph(6).problems).toEqual([]);
  expect(graph(7).problems).toMatchObject([
    { code: 'param-invalid', node: 'lsh', param: 'buckets' },
  ]);
});
