import { afterAll, beforeAll, expect, it } from 'vitest';
import { countFlops } from '#engine/estimate/model-cost.ts';
import { BlockBench, type RunBlock } from '#verify/block-bench.testing.ts';
import { largestError } from '#nodes/slow-formulas.testing.ts';
import { stateSpaceDuality } from './state-space-duality.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

interface Sizes {
  readonly count: number;
  readonly length: number;
  readonly heads: number;
  readonly groups: number;
  readonly stateSize: number;
  readonly headSize: number;
}

const shapesOf = ({ count, length, heads, groups, stateSize, headSize }: Sizes) => ({
  x: [count, length, heads * headSize],
  rate: [count, length, heads],
  write: [count, length, groups * stateSize],
  read: [count, length, groups * stateSize],
  past: [count, heads, stateSize, headSize],
});

/** The recurrence number by number. */
function recurSlowly({ numbers }: RunBlock, sizes: Sizes) {
  const { count, length, heads, groups, stateSize, headSize } = sizes;
  const [x, rate, write, read] = [numbers('x'), numbers('rate'), numbers('write'), numbers('read')];
  const state = [...numbers('past')];
  const output: number[] = [];
  for (let sequence = 0; sequence < count; sequence++)
    for (let token = 0; token < length; token++)
      for (let head = 0; head < heads; head++) {
        const row = sequence * length + token;
        const kept = Math.exp(-Math.abs(rate[row * heads + head]!));
        const along = row * groups * stateSize + Math.floor((head * groups) / heads) * stateSize;
        for (let channel = 0; channel < headSize; channel++) {
          let sum = 0;
          for (let n = 0; n < stateSize; n++) {
            const place = ((sequence * heads + head) * stateSize + n) * headSize + channel;
            const added = write[along + n]! * x[(row * heads + head) * headSize + channel]!;
            state[place] = kept * state[place]! + added;
            sum += read[along + n]! * state[place];
          }
          output.push(sum);
        }
      }
  return { output, state };
}

const small = { count: 1, heads: 4, groups: 1, stateSize: 6, headSize: 5 } as const;
/** The size from which ONNX Runtime takes other kernels, and as published. */
const published = { count: 1, heads: 2, groups: 1, stateSize: 128, headSize: 64 } as const;

it.each<[string, Sizes]>([
  ['one token after a state', { ...small, length: 1 }],
  ['several sequences, with groups of heads', { ...small, count: 2, groups: 2, length: 7 }],
  ['a group for each head', { ...small, groups: 4, length: 7 }],
  ['heads of a published size, one token', { ...published, length: 1 }],
  ['a few tokens after a state', { ...published, length: 5 }],
  ['a whole number of usual chunks', { ...published, length: 128 }],
  ['a length that is none', { ...published, length: 131 }],
])('the scan is its recurrence: %s', async (_, sizes) => {
  const run = await bench.run(shapesOf(sizes), (g, { rate, past, ...input }) => {
    const decay = g.op('Neg', [g.op('Abs', [rate], rate)], rate);
    return { ...stateSpaceDuality(g, { ...input, decay }, past) };
  });
  const slow = recurSlowly(run, sizes);
  const { count, length, heads, stateSize, headSize } = sizes;
  expect(run.shapes).toEqual({ output: shapesOf(sizes).x, state: shapesOf(sizes).past });
  // Sums of float32 products, each about 1, over the state's size.
  expect(largestError(run.output('output'), slow.output)).toBeLessThan(2e-6 * stateSize);
  expect(largestError(run.output('state'), slow.state)).toBeLessThan(1e-5);
  // Two multiply-adds to renew and one to read every number of the state, for every token.
  expect(countFlops(run.model, {})).toBe(2 * 3 * count * length * heads * stateSize * headSize);
});
