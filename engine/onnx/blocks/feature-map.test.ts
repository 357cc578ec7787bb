/** What is done to maps between convolutions: pooling, norms, excitation, and the way from tokens and back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countFlops } from '#engine/estimate/model-cost.ts';
import { BlockBench } from '#verify/block-bench.testing.ts';
import { largestError } from '#nodes/slow-formulas.testing.ts';
import { channelNorm, globalResponseNorm } from './channel-norm.ts';
import {
  channelsFirst,
  channelsLast,
  dropPrefix,
  joinPrefix,
  mapToTokens,
  splitPrefix,
  tokensToMap,
} from './feature-map.ts';
import { adaptiveAveragePool, averagePool, globalAveragePool, maxPool } from './pooling.ts';
import { resizeMap } from './resize.ts';
import { squeezeExcitation } from './squeeze-excitation.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

const close = 3e-6;
/** Two maps of 4 channels, 7 × 9. */
const [maps, channels, height, width] = [2, 4, 7, 9];
const places = height * width;
const shapes = { x: [maps, channels, height, width] };
const mean = (numbers: readonly number[]) =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

type Window = readonly [top: number, bottom: number, left: number, right: number];

/** One number for each map, channel and window, from what of the map lies in the window. */
function eachWindow(
  numbers: readonly number[],
  windows: readonly Window[],
  value: (seen: readonly number[], window: Window) => number,
): readonly number[] {
  return Array.from({ length: maps * channels }, (_, plane) =>
    windows.map((window) => {
      const [top, bottom, left, right] = window;
      const seen = numbers.slice(plane * places, (plane + 1) * places).filter((_number, place) => {
        const [row, column] = [Math.floor(place / width), place % width];
        return row >= top && row < bottom && column >= left && column < right;
      });
      return value(seen, window);
    }),
  ).flat();
}

/** Windows of a kernel, row by row; they may reach over the border. */
function windowsOf(kernel: number, stride: number, padding: number): readonly Window[] {
  const starts = (size: number) =>
    Array.from(
      { length: Math.floor((size + 2 * padding - kernel) / stride) + 1 },
      (_, index) => index * stride - padding,
    );
  return starts(height).flatMap((top) =>
    starts(width).map((left) => [top, top + kernel, left, left + kernel] as const),
  );
}

describe('pooling', () => {
  it.each([
    [2, 2, 0],
    [3, 2, 1],
    [3, 1, 1],
  ])(
    'of %i × %i windows, step %i, takes the mean or the largest',
    async (kernel, stride, padding) => {
      const shape = { kernel, stride, padding };
      const ran = await bench.run(shapes, (g, { x }) => ({
        average: averagePool(g, x, shape),
        counted: averagePool(g, x, { ...shape, countPadding: true }),
        most: maxPool(g, x, shape),
      }));
      const windows = windowsOf(kernel, stride, padding);
      const expected = (value: (seen: readonly number[]) => number) =>
        eachWindow(ran.numbers('x'), windows, value);
      expect(largestError(ran.output('average'), expected(mean))).toBeLessThan(close);
      const counted = expected((seen) => (mean(seen) * seen.length) / kernel ** 2);
      expect(largestError(ran.output('counted'), counted)).toBeLessThan(close);
      expect(
        largestError(
          ran.output('most'),
          expected((seen) => Math.max(...seen)),
        ),
      ).toBe(0);
    },
  );

  it.each([
    ['windows that overlap', 4, 5],
    ['more windows than places', 8, 11],
    ['as many as there are places', 7, 9],
    ['one way only', 7, 4],
    ['windows that divide', 1, 3],
  ])('to a fixed size: %s', async (_, rows, columns) => {
    const ran = await bench.run(shapes, (g, { x }) => ({
      pooled: adaptiveAveragePool(g, x, { rows, columns }),
    }));
    const cuts = (size: number, to: number) =>
      Array.from({ length: to }, (_none, index) => [
        Math.floor((index * size) / to),
        Math.ceil(((index + 1) * size) / to),
      ]) as [number, number][];
    const windows = cuts(height, rows).flatMap(([top, bottom]) =>
      cuts(width, columns).map(([left, right]) => [top, bottom, left, right] as const),
    );
    const expected = eachWindow(ran.numbers('x'), windows, mean);
    expect(largestError(ran.output('pooled'), expected)).toBeLessThan(close);
    expect(ran.shapes['pooled']).toEqual([maps, channels, rows, columns]);
  });

  it('to one number a channel', async () => {
    const ran = await bench.run(shapes, (g, { x }) => ({ mean: globalAveragePool(g, x) }));
    const expected = eachWindow(ran.numbers('x'), [[0, height, 0, width]], mean);
    expect(largestError(ran.output('mean'), expected)).toBeLessThan(close);
  });
});

describe('a map of another size', () => {
  it.each([
    [14, 9],
    [3, 20],
    [5, 4],
  ])('of %i × %i is made of the four nearest places', async (rows, columns) => {
    const ran = await bench.run(shapes, (g, { x }) => {
      const views = { ...x, shape: ['views', channels, height, width] };
      return {
        smooth: resizeMap(g, views, { rows, columns }, { kernel: 'bilinear' }),
        near: resizeMap(g, x, { rows, columns }, { kernel: 'nearest' }),
      };
    });
    const given = ran.numbers('x');
    const along = (at: number, from: number, to: number) => {
      const centre = Math.max(((at + 0.5) * from) / to - 0.5, 0);
      const first = Math.floor(centre);
      return { first, second: Math.min(first + 1, from - 1), share: centre - first };
    };
    const [smooth, near]: [number[], number[]] = [[], []];
    for (let plane = 0; plane < maps * channels; plane++) {
      const number = (row: number, column: number) => given[plane * places + row * width + column]!;
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const [y, x] = [along(row, height, rows), along(column, width, columns)];
          const line = (at: number) =>
            number(at, x.first) * (1 - x.share) + number(at, x.second) * x.share;
          smooth.push(line(y.first) * (1 - y.share) + line(y.second) * y.share);
          near.push(
            number(Math.floor((row * height) / rows), Math.floor((column * width) / columns)),
          );
        }
      }
    }
    expect(largestError(ran.output('smooth'), smooth)).toBeLessThan(close);
    expect(largestError(ran.output('near'), near)).toBe(0);
  });
});

const index = (map: number, channel: number, place: number) =>
  (map * channels + channel) * places + place;
/** Numbers of [maps, channels, places] by their place. */
const each = (value: (map: number, channel: number, place: number) => number) =>
  Array.from({ length: maps * channels * places }, (_, at) =>
    value(Math.floor(at / (channels * places)), Math.floor(at / places) % channels, at % places),
  );
const all = Array.from({ length: channels }, (_, channel) => channel);

describe('norms of maps', () => {
  it('are over the channels of a place', async () => {
    const ran = await bench.run(shapes, (g, { x }) => ({
      normed: channelNorm(g, x, 'norm', 1e-6),
    }));
    const given = ran.numbers('x');
    const [weight, bias] = [ran.numbers('norm.weight'), ran.numbers('norm.bias')];
    const expected = each((map, channel, place) => {
      const here = all.map((other) => given[index(map, other, place)]!);
      const variance = mean(here.map((number) => (number - mean(here)) ** 2));
      const normal = (here[channel]! - mean(here)) / Math.sqrt(variance + 1e-6);
      return normal * weight[channel]! + bias[channel]!;
    });
    expect(largestError(ran.output('normed'), expected)).toBeLessThan(close);
  });

  it('weigh a channel by how strongly it answers beside the others', async () => {
    const ran = await bench.run(shapes, (g, { x }) => {
      const weights = {
        weight: g.tensor('grn.weight', [1, 1, 1, channels], 'norm'),
        bias: g.tensor('grn.bias', [channels], 'bias'),
      };
      const last = channelsLast(g, x);
      return { normed: channelsFirst(g, globalResponseNorm(g, last, weights, 1e-6)) };
    });
    const given = ran.numbers('x');
    const [weight, bias] = [ran.numbers('grn.weight'), ran.numbers('grn.bias')];
    const length = (map: number, channel: number) =>
      Math.hypot(...given.slice(index(map, channel, 0), index(map, channel, places)));
    const expected = each((map, channel, place) => {
      const number = given[index(map, channel, place)]!;
      const share = length(map, channel) / (mean(all.map((other) => length(map, other))) + 1e-6);
      return number + weight[channel]! * number * share + bias[channel]!;
    });
    expect(largestError(ran.output('normed'), expected)).toBeLessThan(close);
  });
});

it.each([
  ['sigmoid', (z: number) => 1 / (1 + Math.exp(-z))],
  ['hard-sigmoid', (z: number) => Math.min(Math.max(z / 6 + 0.5, 0), 1)],
] as const)('excitation with a %s weighs each channel by the means of all', async (gate, open) => {
  const squeezedSize = 3;
  const ran = await bench.run(shapes, (g, { x }) => ({
    weighed: squeezeExcitation(
      g,
      x,
      { down: 'fc1', up: 'fc2' },
      { squeezedSize, activation: 'relu', gate },
    ),
  }));
  const given = ran.numbers('x');
  const layer = (name: string, input: readonly number[]) =>
    ran
      .numbers(`${name}.bias`)
      .map((bias, output) =>
        input.reduce(
          (sum, number, at) =>
            sum + number * ran.numbers(`${name}.weight`)[output * input.length + at]!,
          bias,
        ),
      );
  const gates = Array.from({ length: maps }, (_, map) => {
    const means = all.map((channel) =>
      mean(given.slice(index(map, channel, 0), index(map, channel, places))),
    );
    const squeezed = layer('fc1', means).map((number) => Math.max(number, 0));
    return layer('fc2', squeezed).map(open);
  });
  const expected = each(
    (map, channel, place) => given[index(map, channel, place)]! * gates[map]![channel]!,
  );
  expect(largestError(ran.output('weighed'), expected)).toBeLessThan(close);
  expect(countFlops(ran.model, {})).toBe(2 * maps * 2 * channels * squeezedSize);
});

describe('tokens of a grid', () => {
  const grid = { rows: 2, columns: 3 };
  const given = { tokens: [2, 2 + 6, 5] };

  it('are a map, row by row, and come back as they went', async () => {
    const ran = await bench.run(given, (g, { tokens }) => {
      const { prefix, patches } = splitPrefix(g, tokens, 2);
      const map = tokensToMap(g, patches, grid);
      return { map, back: joinPrefix(g, prefix, mapToTokens(g, map)) };
    });
    const numbers = ran.numbers('tokens');
    expect(ran.output('back')).toEqual(numbers);
    expect(ran.shapes).toEqual({ map: [2, 5, 2, 3], back: given.tokens });
    const expected = [0, 1].flatMap((picture) =>
      [0, 1, 2, 3, 4].flatMap((channel) =>
        [0, 1, 2, 3, 4, 5].map((patch) => numbers[(picture * 8 + 2 + patch) * 5 + channel]!),
      ),
    );
    expect(ran.output('map')).toEqual(expected);
  });

  it('stand alone where the class token is not wanted', async () => {
    const ran = await bench.run(given, (g, { tokens }) => ({
      patches: dropPrefix(g, tokens, 2),
      all: dropPrefix(g, tokens, 0),
    }));
    const numbers = ran.numbers('tokens');
    expect(ran.output('patches')).toEqual([...numbers.slice(10, 40), ...numbers.slice(50, 80)]);
    expect(ran.output('all')).toEqual(numbers);
  });
});
