/** Random weights: the same for the same seed however they are read, and of the size they should have. */
import { describe, expect, test } from 'vitest';
import { dequantiseBlocks } from './dequantise-blocks.testing.ts';
import { NoiseTable, noiseTable, type RandomTensor } from './noise.ts';
import { quantiseBlocks, type QuantisedBlocks } from './quantise-blocks.ts';

const matrix = (name: string, ...shape: number[]): RandomTensor => ({
  name,
  shape,
  init: 'matrix',
});

/** Mean, deviation and the largest magnitude. */
function facts(numbers: Float32Array) {
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const variance = numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / numbers.length;
  const most = numbers.reduce((largest, number) => Math.max(largest, Math.abs(number)), 0);
  return { mean, deviation: Math.sqrt(variance), most };
}

/** To the last bit; vitest takes minutes over millions of numbers. */
function areSame(a: Float32Array | Uint8Array, b: Float32Array | Uint8Array): boolean {
  const bytes = [a, b].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  );
  return bytes[0]?.equals(bytes[1] ?? Buffer.alloc(0)) ?? false;
}

/** The part that two runs of numbers have in common, from −1 to 1. */
function correlation(a: Float32Array, b: Float32Array): number {
  const product = a.reduce((sum, number, index) => sum + number * (b[index] ?? NaN), 0);
  return product / (facts(a).deviation * facts(b).deviation * a.length);
}

describe('one seed', () => {
  const noise = new NoiseTable(7);
  // A fourth of rows as long as this runs over the end of the table.
  const tensors = [matrix('a.weight', 37, 640), matrix('long.weight', 9, 2 ** 20)];

  test.for(tensors)('gives $name the same numbers in pieces of any size', (tensor) => {
    const [rows = 0, columns = 0] = tensor.shape;
    const all = noise.rows(tensor, 0, rows);
    const again = new NoiseTable(7);
    for (const step of [1, 4, rows - 1]) {
      for (let first = 0; first < rows; first += step) {
        const count = Math.min(step, rows - first);
        const piece = again.rows(tensor, first, count);
        expect(areSame(piece, all.subarray(first * columns, (first + count) * columns))).toBe(true);
      }
    }
  });

  test.for([
    { bits: 4, blockSize: 32 },
    { bits: 4, blockSize: 128 },
    { bits: 8, blockSize: 64 },
  ] as const)('has in int$bits / $blockSize the quantised numbers of float32', (format) => {
    // 1 / √1024 is a power of two, so that scaling before or after rounding is the same to the last bit.
    const exact = matrix('b.weight', 16, 1024);
    const here = noise.blocks(exact, 3, 11, format) as QuantisedBlocks;
    const there = quantiseBlocks(noise.rows(exact, 3, 11), 1024, format);
    expect(areSame(here.codes, there.codes) && areSame(here.scales, there.scales)).toBe(true);
    // Elsewhere a number that lies just between two codes may fall to the other side.
    for (const tensor of [matrix('c.weight', 64, 640), tensors[1] as RandomTensor]) {
      const [rows = 0, columns = 0] = tensor.shape;
      const blocks = noise.blocks(tensor, 0, rows, format) as QuantisedBlocks;
      const expected = quantiseBlocks(noise.rows(tensor, 0, rows), columns, format);
      const different = blocks.codes.filter((code, index) => code !== expected.codes[index]).length;
      expect(different / blocks.codes.length).toBeLessThan(1e-5);
      const scales = blocks.scales.map((scale, index) => scale / (expected.scales[index] ?? NaN));
      expect(facts(scales.map((ratio) => ratio - 1)).most).toBeLessThan(1e-6);
    }
  });

  test('has no blocks where rows are no whole number of them, nor for norms and biases', () => {
    const format = { bits: 4, blockSize: 32 } as const;
    const none = [
      matrix('d.weight', 4, 80),
      { name: 'norm.weight', shape: [64], init: 'norm' },
      { name: 'd.bias', shape: [64], init: 'bias' },
    ] satisfies RandomTensor[];
    expect(none.map((tensor) => noise.blocks(tensor, 0, 4, format))).toEqual([null, null, null]);
  });
});

test('seeds, names and rows are strangers to each other', () => {
  const count = 64;
  const numbers = (seed: number, name: string, first = 0) =>
    noiseTable(seed).rows(matrix(name, 1000, 512), first, count);
  const here = numbers(1, 'layers.0.weight');
  expect(correlation(here, numbers(1, 'layers.0.weight'))).toBeCloseTo(1, 3);
  const strangers = [
    numbers(2, 'layers.0.weight'),
    numbers(1, 'layers.1.weight'),
    numbers(1, 'layers.0.weight', count),
  ];
  // √(1 / 32768) is 0.006; a row or two in common would be 0.02 or more.
  for (const other of strangers) expect(Math.abs(correlation(here, other))).toBeLessThan(0.03);
});

test('weights keep the size of what they multiply', () => {
  const noise = noiseTable(3);
  const of = (tensor: RandomTensor) => facts(noise.rows(tensor, 0, tensor.shape[0] ?? 0));
  const cases = [
    [matrix('m.weight', 1024, 256), 256 ** -0.5],
    // A convolution's row has all that one output sums up.
    [matrix('conv.weight', 512, 3, 14, 14), 588 ** -0.5],
    [{ name: 'embed.weight', shape: [4000, 128], init: 'embedding' }, 0.02],
    [{ name: 'class', shape: [1024], init: 'embedding' }, 0.02],
  ] as const satisfies readonly (readonly [RandomTensor, number])[];
  for (const [tensor, deviation] of cases) {
    const { mean, deviation: found, most } = of(tensor);
    const spread = 5 / Math.sqrt(tensor.shape.reduce((product, size) => product * size, 1));
    expect(Math.abs(mean) / deviation).toBeLessThan(spread);
    expect(Math.abs(found / deviation - 1)).toBeLessThan(spread);
    expect(most / deviation).toBeLessThan(6);
  }
  expect(of({ name: 'norm', shape: [64], init: 'norm' })).toEqual({
    mean: 1,
    deviation: 0,
    most: 1,
  });
  expect(of({ name: 'bias', shape: [64], init: 'bias' })).toEqual({
    mean: 0,
    deviation: 0,
    most: 0,
  });
});

test('int4 stands for float32 with the noise of rounding alone', () => {
  const noise = noiseTable(3);
  const format = { bits: 4, blockSize: 32 } as const;
  const tensor = matrix('m.weight', 64, 512);
  const blocks = noise.blocks(tensor, 0, 64, format) as QuantisedBlocks;
  const rounded = dequantiseBlocks(blocks, 512, format);
  const errors = noise.rows(tensor, 0, 64).map((number, index) => number - (rounded[index] ?? NaN));
  // A step is an eighth of the largest of 32 normal numbers: 0.3 deviations, of which 1 / √12 is left.
  expect(facts(errors).deviation * Math.sqrt(512)).toBeCloseTo(0.086, 2);
});
