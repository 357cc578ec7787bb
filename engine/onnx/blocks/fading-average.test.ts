import { afterAll, beforeAll, expect, it } from 'vitest';
import { largestError } from '#nodes/slow-formulas.testing.ts';
import { BlockBench, type RunBlock } from '#verify/block-bench.testing.ts';
import { multiply, negate } from '../operators.ts';
import { fadingAverage } from './fading-average.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

/** Two sequences of 9 tokens, 5 channels. */
const [count, length, width] = [2, 9, 5];

/**
 * Every token's sum over all before it, as the paper writes it. Keys are `scale` times what is drawn; the one term of
 * weight exp(peak) stands for the state.
 */
function averages({ numbers }: RunBlock, scale: number, withPast: boolean): readonly number[] {
  const [key, value] = [numbers('key').map((number) => scale * number), numbers('value')];
  const decay = numbers('rate').map((number) => -Math.exp(number));
  const [bonus, sums, peak] = [numbers('bonus'), numbers('sums'), numbers('peak')];
  return key.map((own, index) => {
    const channel = index % width;
    const row = Math.floor(index / width);
    const [sequence, place] = [Math.floor(row / length), row % length];
    const terms = [{ log: own + bonus[channel]!, weighs: 1, value: value[index]! }];
    for (let before = 0; before < place; before++) {
      const at = (sequence * length + before) * width + channel;
      const log = key[at]! + (place - 1 - before) * decay[channel]!;
      terms.push({ log, weighs: 1, value: value[at]! });
    }
    const [weighted, weight] = [0, 1].map((part) => sums[(sequence * 2 + part) * width + channel]!);
    const log = peak[sequence * width + channel]! + place * decay[channel]!;
    if (withPast) terms.push({ log, weighs: weight!, value: weighted! / weight! });
    const top = Math.max(...terms.map((term) => term.log));
    const of = (term: { readonly log: number; readonly weighs: number }): number =>
      term.weighs * Math.exp(term.log - top);
    const total = terms.reduce((sum, term) => sum + of(term), 0);
    return terms.reduce((sum, term) => sum + of(term) * term.value, 0) / total;
  });
}

it.each([
  ['from nothing', 1, false],
  ['from a state', 1, true],
  ['with keys whose exponentials no number holds', 200, false],
] as const)('a fading average is its sum over all tokens, %s', async (_, scale, withPast) => {
  const run = await bench.run(
    {
      key: [count, length, width],
      value: [count, length, width],
      sums: [count, 2, width],
      peak: [count, 1, width],
    },
    (g, { key, value, sums, peak }) => {
      const rate = g.weight(g.tensor('rate', [width], 'bias'));
      const weights = {
        logDecay: negate(g, g.op('Exp', [rate], rate)),
        bonus: g.weight(g.tensor('bonus', [width], 'bias')),
      };
      const begun = g.scalar('float32', withPast ? 1 : 0);
      // A state's weights are above 0.
      const past = { sums: g.op('Abs', [multiply(g, sums, begun)], sums), peak };
      const keys = multiply(g, key, g.scalar('float32', scale));
      const { output, state } = fadingAverage(g, { key: keys, value }, weights, past);
      return { output, after: state.peak };
    },
  );
  const asGiven = {
    ...run,
    numbers: (name: string) =>
      name === 'sums' ? run.numbers(name).map(Math.abs) : run.numbers(name),
  };
  const slow = averages(asGiven, scale, withPast);
  expect(largestError(run.output('output'), slow)).toBeLessThan(1e-5);
  expect(run.output('after').every(Number.isFinite)).toBe(true);
});
