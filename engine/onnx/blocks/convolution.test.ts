import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countFlops, countParameters } from '#engine/estimate/model-cost.ts';
import { BlockBench, type RunBlock } from '#verify/block-bench.testing.ts';
import { largestError } from '#nodes/slow-formulas.testing.ts';
import {
  convolution,
  convolutionWeights,
  convolve,
  depthwiseConvolution,
  foldBatchNorm,
  identityConvolution,
  normedConvolution,
  pairOf,
  samePadding,
  sidesOf,
  sumConvolutions,
  transposedConvolution,
  type ConvolutionShape,
  type ConvolutionWeights,
} from './convolution.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

const close = 3e-6;
type Numbers = readonly number[];
const numbers = (count: number, of: (index: number) => number): Numbers =>
  Array.from({ length: count }, (_, index) => of(index));

/** Two maps of 6 channels, 7 × 9. */
const [maps, channels, height, width] = [2, 6, 7, 9];
const shapes = { x: [maps, channels, height, width] };
const bare = { inputs: channels, outputs: 4, kernel: 3, bias: true } satisfies ConvolutionShape;

/** Every number of the result from its definition. */
function convolveSlowly(
  input: Numbers,
  weight: Numbers,
  bias: Numbers | null,
  shape: Omit<ConvolutionShape, 'bias'>,
): Numbers {
  const { inputs, outputs, groups = 1 } = shape;
  const [kernelHeight, kernelWidth] = pairOf(shape.kernel);
  const [down, across] = pairOf(shape.stride ?? 1);
  const [apartDown, apartAcross] = pairOf(shape.dilation ?? 1);
  const [top, left, bottom, right] = sidesOf(shape.padding ?? 0);
  const along = (size: number, kernel: number, stride: number) =>
    Math.floor((size - kernel) / stride) + 1;
  const rows = along(height + top + bottom, apartDown * (kernelHeight - 1) + 1, down);
  const columns = along(width + left + right, apartAcross * (kernelWidth - 1) + 1, across);
  const at = (map: number, channel: number, y: number, x: number) =>
    y < 0 || x < 0 || y >= height || x >= width
      ? 0
      : input[((map * inputs + channel) * height + y) * width + x]!;
  const result: number[] = [];
  for (let map = 0; map < maps; map++) {
    for (let output = 0; output < outputs; output++) {
      const first = Math.floor((output * groups) / outputs) * (inputs / groups);
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          let sum = bias?.[output] ?? 0;
          for (let inner = 0; inner < inputs / groups; inner++) {
            for (let i = 0; i < kernelHeight; i++) {
              for (let j = 0; j < kernelWidth; j++) {
                const index =
                  ((output * (inputs / groups) + inner) * kernelHeight + i) * kernelWidth + j;
                const y = row * down + i * apartDown - top;
                const x = column * across + j * apartAcross - left;
                sum += weight[index]! * at(map, first + inner, y, x);
              }
            }
          }
          result.push(sum);
        }
      }
    }
  }
  return result;
}

describe('a convolution', () => {
  it.each<[string, ConvolutionShape]>([
    ['plain', bare],
    ['without a bias', { ...bare, bias: false }],
    ['with another step down than across', { ...bare, stride: [2, 3] }],
    ['with zeros around', { ...bare, padding: 1 }],
    ['with other zeros on each side', { ...bare, padding: [2, 0, 1, 3] }],
    ['with a rectangular kernel', { ...bare, kernel: [3, 5], padding: samePadding([3, 5]) }],
    ['with a kernel that has holes', { ...bare, dilation: [1, 2], padding: 2 }],
    ['in groups', { ...bare, groups: 2, padding: 1 }],
    [
      'everything at once',
      { ...bare, groups: 2, kernel: [2, 3], stride: 2, padding: [0, 1], dilation: 2 },
    ],
  ])('%s, adds up what each kernel sees', async (_, shape) => {
    const ran = await bench.run(shapes, (g, { x }) => ({
      map: convolution(g, x, 'conv', shape),
    }));
    const bias = shape.bias ? ran.numbers('conv.bias') : null;
    const expected = convolveSlowly(ran.numbers('x'), ran.numbers('conv.weight'), bias, shape);
    expect(largestError(ran.output('map'), expected)).toBeLessThan(close);
    // Each number of the result sees a kernel over the channels of its group.
    const [kernelHeight, kernelWidth] = pairOf(shape.kernel);
    const seen = (kernelHeight * kernelWidth * channels) / (shape.groups ?? 1);
    expect(countFlops(ran.model, {})).toBe(2 * expected.length * seen);
  });

  it('of each channel by itself is one in as many groups', async () => {
    const shape = { kernel: 3, padding: 1, stride: 2, bias: true };
    const ran = await bench.run(shapes, (g, { x }) => ({
      map: depthwiseConvolution(g, x, 'conv', shape),
    }));
    const whole = { ...shape, inputs: channels, outputs: channels, groups: channels };
    const weights = [ran.numbers('conv.weight'), ran.numbers('conv.bias')] as const;
    const expected = convolveSlowly(ran.numbers('x'), ...weights, whole);
    expect(largestError(ran.output('map'), expected)).toBeLessThan(close);
    expect(countParameters([ran.model])).toBe(channels * 9 + channels);
  });

  it.each<[string, ConvolutionShape]>([
    ['twice as large', { ...bare, kernel: 2, stride: 2 }],
    ['overlapping', { ...bare, kernel: [3, 4], stride: 2, padding: [1, 0, 0, 1] }],
    ['in groups', { ...bare, groups: 2, stride: [1, 2] }],
  ])('transposed, %s, is written by each place', async (_, shape) => {
    const ran = await bench.run(shapes, (g, { x }) => ({
      map: transposedConvolution(g, x, 'up', shape),
    }));
    const [, , rows = 0, columns = 0] = ran.shapes['map'] ?? [];
    const [kernelHeight, kernelWidth] = pairOf(shape.kernel);
    const [down, across] = pairOf(shape.stride ?? 1);
    const [top, left] = sidesOf(shape.padding ?? 0);
    const { inputs, outputs, groups = 1 } = shape;
    const [weight, bias] = [ran.numbers('up.weight'), ran.numbers('up.bias')];
    const written: number[] = numbers(maps * outputs * rows * columns, () => 0).slice();
    for (const [index, number] of ran.numbers('x').entries()) {
      const [row, column] = [Math.floor(index / width) % height, index % width];
      const input = Math.floor(index / (height * width)) % inputs;
      const map = Math.floor(index / (inputs * height * width));
      for (let inner = 0; inner < outputs / groups; inner++) {
        const output = Math.floor((input * groups) / inputs) * (outputs / groups) + inner;
        for (let i = 0; i < kernelHeight; i++) {
          for (let j = 0; j < kernelWidth; j++) {
            const [y, x] = [row * down + i - top, column * across + j - left];
            if (y < 0 || x < 0 || y >= rows || x >= columns) continue;
            const at = ((input * (outputs / groups) + inner) * kernelHeight + i) * kernelWidth + j;
            written[((map * outputs + output) * rows + y) * columns + x]! += number * weight[at]!;
          }
        }
      }
    }
    const expected = written.map(
      (sum, index) => sum + bias[Math.floor(index / (rows * columns)) % outputs]!,
    );
    expect(largestError(ran.output('map'), expected)).toBeLessThan(close);
    const kernel = (kernelHeight * kernelWidth * outputs) / groups;
    expect(countFlops(ran.model, {})).toBe(2 * ran.numbers('x').length * kernel);
  });

  it('refuses a map of other channels, or one that its kernel does not fit', async () => {
    const build = (shape: ConvolutionShape) =>
      bench.run(shapes, (g, { x }) => ({ map: convolution(g, x, 'conv', shape) }));
    await expect(build({ ...bare, inputs: 5 })).rejects.toThrow(
      '"x" has 6 channels, its kernels take 5.',
    );
    await expect(build({ ...bare, kernel: [8, 1] })).rejects.toThrow(
      'A kernel of 8 does not fit 7 + 0 places.',
    );
  });
});

/** (x − mean) / √(variance + epsilon) · weight + bias, channel by channel of [maps, 4, places]. */
function normSlowly(ran: RunBlock, map: Numbers, name: string, epsilon: number): Numbers {
  const of = (part: string) => ran.numbers(`${name}.${part}`);
  const places = map.length / maps / 4;
  return map.map((number, index) => {
    const channel = Math.floor(index / places) % 4;
    const normal =
      (number - of('running_mean')[channel]!) / Math.sqrt(of('running_var')[channel]! + epsilon);
    return normal * of('weight')[channel]! + of('bias')[channel]!;
  });
}

describe('batch normalisation', () => {
  it.each([true, false])('is folded into the convolution before it (bias: %s)', async (bias) => {
    const shape = { ...bare, bias, padding: 1 };
    const ran = await bench.run(shapes, (g, { x }) => {
      const weights = convolutionWeights(g, 'conv', shape);
      return { map: convolve(g, x, foldBatchNorm(g, weights, 'bn', 1e-3), shape) };
    });
    const plain = convolveSlowly(
      ran.numbers('x'),
      ran.numbers('conv.weight'),
      bias ? ran.numbers('conv.bias') : null,
      shape,
    );
    const expected = normSlowly(ran, plain, 'bn', 1e-3);
    expect(largestError(ran.output('map'), expected)).toBeLessThan(close);
    // The graph has the convolution only.
    expect(ran.model.nodes.map(({ op }) => op)).toEqual(['Conv', 'Identity']);
  });

  it('behind a convolution without a bias is one with it', async () => {
    const shape = { inputs: channels, outputs: 4, kernel: 3, stride: 2, padding: 1 };
    const names = { convolution: 'conv', norm: 'bn' };
    const ran = await bench.run(shapes, (g, { x }) => ({
      map: normedConvolution(g, x, names, shape, 1e-3),
    }));
    const plain = convolveSlowly(ran.numbers('x'), ran.numbers('conv.weight'), null, shape);
    const expected = normSlowly(ran, plain, 'bn', 1e-3);
    expect(largestError(ran.output('map'), expected)).toBeLessThan(close);
    expect(ran.model.nodes.map(({ op }) => op)).toEqual(['Conv', 'Identity']);
  });

  it('of several branches becomes one kernel, as inference wants FastViT and RepVGG', async () => {
    const large = { ...bare, padding: 1, bias: false };
    const small = { ...large, kernel: 1, padding: 0 };
    const ran = await bench.run(shapes, (g, { x }) => {
      const branch = (name: string, shape: ConvolutionShape): ConvolutionWeights =>
        foldBatchNorm(g, convolutionWeights(g, name, shape), `${name}.bn`, 1e-5);
      const joined = sumConvolutions([branch('large', large), branch('small', small)], 3);
      return { map: convolve(g, x, joined, large) };
    });
    const branch = (name: string, shape: ConvolutionShape) => {
      const plain = convolveSlowly(ran.numbers('x'), ran.numbers(`${name}.weight`), null, shape);
      return normSlowly(ran, plain, `${name}.bn`, 1e-5);
    };
    const [a, b] = [branch('large', large), branch('small', small)];
    const expected = numbers(a.length, (index) => a[index]! + b[index]!);
    expect(largestError(ran.output('map'), expected)).toBeLessThan(close);
  });
});

it.each([1, 3, channels])('kernels of %i groups give the map back as it is', async (groups) => {
  const ran = await bench.run(shapes, (g, { x }) => ({
    map: convolve(g, x, identityConvolution(channels, [3, 5], groups), {
      groups,
      padding: samePadding([3, 5]),
    }),
  }));
  expect(ran.output('map')).toEqual(ran.numbers('x'));
});
