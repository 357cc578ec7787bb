import { afterAll, beforeAll, expect, it } from 'vitest';
import { countFlops } from '#engine/estimate/model-cost.ts';
import { BlockBench, type RunBlock } from '#verify/block-bench.testing.ts';
import { largestError, silu } from '#nodes/slow-formulas.testing.ts';
import { causalConvolution } from './causal-convolution.ts';
import { selectiveScan } from './selective-scan.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

const close = 3e-6;
type Numbers = readonly number[];

/** Two sequences of 7 tokens, 6 channels with a state of 4 numbers each. */
const [count, length, channels, size] = [2, 7, 6, 4];
const shapes = {
  x: [count, length, channels],
  step: [count, length, channels],
  write: [count, length, size],
  read: [count, length, size],
  past: [count, size, channels],
};

/** The recurrence number by number; `past` and the state it gives are [N][E] for each sequence. */
function scanSlowly({ numbers }: RunBlock, reversed: boolean) {
  const [x, step, write, read] = [numbers('x'), numbers('step'), numbers('write'), numbers('read')];
  const [logRate, skip] = [numbers('A_log'), numbers('D')];
  const state = [...numbers('past')];
  const output: number[] = [];
  for (let sequence = 0; sequence < count; sequence++) {
    for (let at = 0; at < length; at++) {
      const row = sequence * length + (reversed ? length - 1 - at : at);
      for (let channel = 0; channel < channels; channel++) {
        const time = Math.log(1 + Math.exp(step[row * channels + channel]!));
        const entry = x[row * channels + channel]!;
        let sum = skip[channel]! * entry;
        for (let n = 0; n < size; n++) {
          const place = (sequence * size + n) * channels + channel;
          const fade = Math.exp(-time * Math.exp(logRate[channel * size + n]!));
          state[place] = fade * state[place]! + time * write[row * size + n]! * entry;
          sum += state[place] * read[row * size + n]!;
        }
        output[row * channels + channel] = sum;
      }
    }
  }
  return { output, state };
}

it.each([
  ['from the first token to the last', false],
  ['from the last to the first', true],
])(
  'a selective scan is its recurrence over several sequences from any state, %s',
  async (_, reversed) => {
    const run = await bench.run(shapes, (g, { past, ...input }) => {
      const logRate = g.tensor('A_log', [channels, size], 'matrix');
      const skip = g.tensor('D', [channels], 'norm');
      return {
        ...selectiveScan(g, { ...input, several: null, reversed }, { logRate, skip }, past),
      };
    });
    const slow = scanSlowly(run, reversed);
    expect(run.shapes).toEqual({ output: shapes.x, state: shapes.past });
    expect(largestError(run.output('output'), slow.output)).toBeLessThan(close);
    expect(largestError(run.output('state'), slow.state)).toBeLessThan(close);
    // Two multiply-adds to renew and one to read every number of the state, for every token.
    expect(countFlops(run.model, {})).toBe(2 * 3 * count * length * channels * size);
  },
);

function convolveSlowly({ numbers }: RunBlock, kernel: number, bias: Numbers | null) {
  const [x, past, weight] = [numbers('x'), numbers('past'), numbers('conv.weight')];
  const seen = (sequence: number, channel: number, token: number): number =>
    token < 0
      ? past[(sequence * channels + channel) * (kernel - 1) + kernel - 1 + token]!
      : x[(sequence * length + token) * channels + channel]!;
  const output: number[] = [];
  const state: number[] = [];
  for (let sequence = 0; sequence < count; sequence++) {
    for (let token = 0; token < length; token++) {
      for (let channel = 0; channel < channels; channel++) {
        let sum = bias?.[channel] ?? 0;
        for (let tap = 0; tap < kernel; tap++)
          sum +=
            weight[channel * kernel + tap]! * seen(sequence, channel, token - kernel + 1 + tap);
        output.push(silu(sum));
      }
    }
    for (let channel = 0; channel < channels; channel++)
      for (let place = 1; place < kernel; place++)
        state.push(seen(sequence, channel, length - kernel + place));
  }
  return { output, state };
}

it.each([
  { kernel: 4, bias: true },
  { kernel: 3, bias: false },
])('a causal convolution goes on from the tokens before, %j', async ({ kernel, bias }) => {
  const past = [count, channels, kernel - 1];
  const run = await bench.run({ x: shapes.x, past }, (g, { x, past: before }) => ({
    ...causalConvolution(g, x, 'conv', { kernel, bias }, before),
  }));
  const slow = convolveSlowly(run, kernel, bias ? run.numbers('conv.bias') : null);
  expect(largestError(run.output('output'), slow.output)).toBeLessThan(close);
  expect(run.output('state')).toEqual(slow.state);
  expect(countFlops(run.model, {})).toBe(2 * kernel * count * length * channels);
});
