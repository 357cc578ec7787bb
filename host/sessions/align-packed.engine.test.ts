/** Matrices between 128 KiB and 1 MiB come to lie unaligned once they are packed: they have to be read right all the same. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exactLinear, linear } from '#engine/onnx/blocks/linear.ts';
import { GraphBuilder, type MatrixFormat } from '#engine/onnx/graph-builder.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { float32 } from './sessions.ts';

const channels = 768;
const outputs = 64;

/** Matrices that are quantised where the format says so, and as many that never are, such as an expert router's. */
function chain(format: MatrixFormat): StageModel {
  const g = new GraphBuilder();
  const origin = { node: 'chain', source: { kind: 'random', seed: 3 }, layouts: [] } as const;
  let x = g.input('x', 'float32', [2, channels]);
  g.weightsFrom({ origin, ...format }, () => {
    for (let layer = 0; layer < 3; layer++) {
      const shape = { inputs: channels, bias: false };
      x = linear(g, x, `layers.${layer}.mix`, { ...shape, outputs: channels });
      g.output(`y${layer}`, exactLinear(g, x, `layers.${layer}.router`, { ...shape, outputs }));
    }
  });
  return g.finish();
}

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

async function answers(format: MatrixFormat): Promise<readonly number[]> {
  const x = float32(
    Float32Array.from({ length: 2 * channels }, (_, i) => Math.cos(i)),
    [2, channels],
  );
  const given = await bench.run(chain(format), { x });
  return Object.values(given).flatMap((tensor) => [...floatsOf(tensor)]);
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, index) => sum + value * (y[index] ?? Number.NaN), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

test.each([
  ['float32', { blocks: null }, 0.999_999],
  ['int8', { blocks: { bits: 8, blockSize: 128 } }, 0.999],
  ['int4', { blocks: { bits: 4, blockSize: 32 } }, 0.97],
  ['w8a8', { blocks: { bits: 8, blockSize: 32 }, roundsTokens: true }, 0.999],
] as const)('small matrices in %s answer as in float32', async (_, format, atLeast) => {
  const exact = await answers({ blocks: null });
  expect(cosine(await answers(format), exact)).toBeGreaterThanOrEqual(atLeast);
});
