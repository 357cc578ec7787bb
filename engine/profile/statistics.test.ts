import { expect, test } from 'vitest';
import { medianDeviation, medianInterval, quantile } from './statistics.ts';

test('a quantile lies between its two neighbours', () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(quantile([10, 20], 0.95)).toBe(19.5);
  expect(quantile([], 0.5)).toBe(0);
});

test('one pass that was disturbed moves the deviation no further than the next one', () => {
  expect(medianDeviation([10, 11, 12, 13, 14])).toBe(1);
  expect(medianDeviation([10, 11, 12, 13, 9_000])).toBe(1);
});

test('the interval of the median is as the tables of order statistics have it', () => {
  const ranks = (count: number) => {
    const found = medianInterval(Array.from({ length: count }, (_, rank) => rank + 1));
    return found && [found.from, found.to, Math.round(found.certainty * 1e4) / 1e4];
  };
  expect(ranks(1)).toBeNull();
  expect(ranks(2)).toEqual([1, 2, 0.5]);
  expect(ranks(5)).toEqual([1, 5, 0.9375]);
  expect(ranks(6)).toEqual([1, 6, 0.9688]);
  expect(ranks(9)).toEqual([2, 8, 0.9609]);
  expect(ranks(20)).toEqual([6, 15, 0.9586]);
  expect(ranks(100)).toEqual([40, 61, 0.9648]);
  expect(ranks(1000)).toEqual([469, 532, 0.9537]);
});

test('the interval holds the true median as often as it says', () => {
  let seed = 1;
  const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
  // Skewed as latencies are: most alike, some far longer.
  const latency = (): number => 1 - Math.log(random());
  const trueMedian = 1 + Math.log(2);
  const rounds = 2_000;
  let held = 0;
  for (let round = 0; round < rounds; round++) {
    const found = medianInterval(Array.from({ length: 20 }, latency));
    if (found && found.from <= trueMedian && trueMedian <= found.to) held += 1;
  }
  expect(held / rounds).toBeGreaterThan(0.94);
  expect(held / rounds).toBeLessThan(0.98);
});
