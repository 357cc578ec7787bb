/** Blocks round as they promise, and ONNX Runtime reads them as we write them. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matrixProduct } from '#engine/onnx/blocks/linear.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { BlockFormat } from '#engine/onnx/weight.ts';
import { emitEmbedding } from '#nodes/language/vocabulary.ts';
import { normalNumbers } from '#nodes/normal-numbers.testing.ts';
import { largestError, linear, toRows } from '#nodes/slow-formulas.testing.ts';
import { float32, int64 } from '../sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { dequantiseBlocks } from './dequantise-blocks.testing.ts';
import { writeKnownWeights } from './known-weights.testing.ts';
import { quantiseBlocks } from './quantise-blocks.ts';
import type { KnownTensor } from './write-safetensors.testing.ts';

const formats: readonly BlockFormat[] = [
  { bits: 4, blockSize: 32 },
  { bits: 8, blockSize: 32 },
  { bits: 4, blockSize: 128 },
  { bits: 8, blockSize: 64 },
];

describe('rounding', () => {
  /** Numbers of all sizes that weights have, in rows of a length that need not fill blocks. */
  const anyRows = fc
    .record({
      columns: fc.integer({ min: 1, max: 150 }),
      rows: fc.integer({ min: 1, max: 3 }),
      size: fc.integer({ min: -30, max: 37 }),
      seed: fc.nat(),
      format: fc.constantFrom(...formats),
    })
    .map(({ columns, rows, size, seed, format }) => ({
      columns,
      format,
      numbers: normalNumbers(rows * columns, seed, 10 ** size),
    }));

  test('is never off by more than half a step; by a whole one only opposite the largest', () => {
    fc.assert(
      fc.property(anyRows, ({ numbers, columns, format }) => {
        const blocks = quantiseBlocks(numbers, columns, format);
        const rounded = dequantiseBlocks(blocks, columns, format);
        const perRow = Math.ceil(columns / format.blockSize);
        for (const [index, number] of numbers.entries()) {
          const block = Math.floor((index % columns) / format.blockSize);
          const scale = blocks.scales[Math.floor(index / columns) * perRow + block] ?? NaN;
          // The lowest code stands for −2^(bits−1) steps, the highest for one less on the other side.
          const beyond = number / scale > 2 ** (format.bits - 1) - 0.5;
          const error = Math.abs((rounded[index] ?? NaN) - number);
          if (!(error <= Math.abs(scale) * (beyond ? 1.00001 : 0.50001))) return false;
        }
        return true;
      }),
      { numRuns: 300 },
    );
  });

  test('keeps the largest number of a block to the last bit, and zeros zero', () => {
    const rows = new Float32Array(3 * 40);
    rows.set([-3e38, 1e30], 7);
    rows.fill(-0, 40, 80);
    rows[119] = Math.PI;
    // Beside a giant everything else is lost.
    const expected = rows.map((number) => (number === Math.fround(1e30) ? 0 : number));
    for (const format of formats) {
      const rounded = dequantiseBlocks(quantiseBlocks(rows, 40, format), 40, format);
      expect(largestError(rounded, expected)).toBe(0);
    }
    // Numbers too small for the inverse of a step count as zeros.
    const tiny = quantiseBlocks(Float32Array.of(1e-38, -1e-40, 0), 3, { bits: 4, blockSize: 32 });
    expect([tiny.scales[0], new Set(tiny.codes)]).toEqual([0, new Set([0x88])]);
  });
});

describe('on ONNX Runtime', () => {
  let bench: NodeBench;
  beforeAll(async () => {
    bench = await NodeBench.open();
  });
  afterAll(() => bench.close());

  const settingFor = (folder: string, blocks: BlockFormat) => {
    const source = { kind: 'checkpoint', folder } as const;
    const layout = { title: 'alone', key: (name: string) => name, owns: () => true };
    return { origin: { node: 'test', source, layouts: [layout] }, blocks };
  };

  // 80 inputs end in half a block; one row is what decode multiplies, seven what prefill does.
  test.for(
    formats.flatMap(
      (format) =>
        [
          [80, format],
          [256, format],
        ] as const,
    ),
  )(
    // prettier-ignore
    'a matrix with %i inputs multiplies as its codes say (%o)',
    async ([inputs, format]) => {
      const folder = await bench.newFolder();
      const g = new GraphBuilder();
      g.weightsFrom(settingFor(folder, format), () => {
        const x = g.input('x', 'float32', [1, 'rows', inputs]);
        const bias = g.tensor('bias', [24], 'bias');
        g.output('y', matrixProduct(g, x, g.tensor('weight', [24, inputs], 'matrix'), bias));
      });
      const model = g.finish();
      const known = await writeKnownWeights(folder, [model], 5);
      const { data } = known.get('weight') as KnownTensor;
      const rounded = dequantiseBlocks(quantiseBlocks(data, inputs, format), inputs, format);
      const weight = toRows(rounded, inputs);
      for (const rows of [1, 7]) {
        const x = normalNumbers(rows * inputs, rows);
        const { y } = await bench.run(model, { x: float32(x, [1, rows, inputs]) });
        const expected = linear(toRows(x, inputs), weight, known.get('bias')?.data);
        const computed = toRows(floatsOf(y), 24);
        const excess = expected.map((row, place) =>
          Math.max(
            ...row.map((number, output) => {
              const bound = activationError(
                x.subarray(place * inputs),
                weight[output] ?? [],
                format,
              );
              return Math.abs(number - (computed[place]?.[output] ?? NaN)) - bound;
            }),
          ),
        );
        expect(Math.max(...excess)).toBeLessThan(1e-5);
      }
    },
  );

  test.for(formats)('a table gives the rows that its codes stand for (%o)', async (format) => {
    const table = { vocabularySize: 50, hiddenSize: 128, embedding: 'table' };
    const folder = await bench.newFolder();
    const g = new GraphBuilder();
    g.weightsFrom(settingFor(folder, format), () => emitEmbedding(g, table));
    const model = g.finish();
    const [known] = [...(await writeKnownWeights(folder, [model], 6)).values()];
    const blocks = quantiseBlocks(known?.data ?? new Float32Array(0), 128, format);
    const rounded = dequantiseBlocks(blocks, 128, format);
    const ids = [49, 0, 7, 7, 31];
    const { embeddings } = await bench.run(model, { ids: int64(ids, [1, 5]) });
    const expected = ids.flatMap((id) => Array.from(rounded.subarray(128 * id, 128 * (id + 1))));
    expect(Array.from(floatsOf(embeddings))).toEqual(expected);
  });
});

/** What rounding x to 8 bits, a block at a time, can add to its product with w: half a step each. */
function activationError(
  x: Float32Array,
  w: readonly number[],
  { blockSize }: BlockFormat,
): number {
  let bound = 0;
  for (let start = 0; start < w.length; start += blockSize) {
    const weights = w.slice(start, start + blockSize);
    const inputs = Array.from(x.subarray(start, start + weights.length));
    const step = Math.max(...inputs.map(Math.abs)) / 127;
    bound += (step / 2) * weights.reduce((sum, weight) => sum + Math.abs(weight), 0);
  }
  return bound;
}
