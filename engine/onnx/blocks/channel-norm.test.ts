/** A map normed as a whole; the other norms of maps are tested beside pooling. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { largestError } from '#nodes/slow-formulas.testing.ts';
import { BlockBench } from '#verify/block-bench.testing.ts';
import { wholeNorm } from './channel-norm.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

it('a whole map has one mean and one variance, a channel its own factor and shift', async () => {
  const [maps, channels, places] = [2, 4, 5 * 3];
  const ran = await bench.run({ x: [maps, channels, 5, 3] }, (g, { x }) => {
    const views = { ...x, shape: ['views', channels, 5, 3] };
    return { normed: wholeNorm(g, views, 'norm', 1e-3) };
  });
  const given = ran.numbers('x');
  const [weight, bias] = [ran.numbers('norm.weight'), ran.numbers('norm.bias')];
  const mean = (numbers: readonly number[]) =>
    numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const expected = given.map((number, index) => {
    const start = channels * places * Math.floor(index / (channels * places));
    const whole = given.slice(start, start + channels * places);
    const variance = mean(whole.map((each) => (each - mean(whole)) ** 2));
    const channel = Math.floor(index / places) % channels;
    return (
      ((number - mean(whole)) / Math.sqrt(variance + 1e-3)) * weight[channel]! + bias[channel]!
    );
  });
  expect(largestError(ran.output('normed'), expected)).toBeLessThan(3e-6);
});
