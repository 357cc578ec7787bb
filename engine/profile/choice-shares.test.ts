import { expect, test } from 'vitest';
import { choiceShares } from './choice-shares.ts';

const scores = [
  { text: 'red', tokens: 1, sum: Math.log(0.3), mean: Math.log(0.3) },
  { text: 'a red ring', tokens: 3, sum: Math.log(0.1), mean: Math.log(0.1) / 3 },
  { text: 'grey', tokens: 1, sum: -800, mean: -800 },
];

test('choices share one by their likelihoods, however small these are', () => {
  const shares = choiceShares({ ranksBy: 'sum', scores });
  expect(shares.map(({ share }) => share)).toEqual([
    expect.closeTo(0.75),
    expect.closeTo(0.25),
    expect.closeTo(0),
  ]);
  expect(shares.map(({ isBest }) => isBest)).toEqual([true, false, false]);
});

test('by the mean another one may be best', () => {
  const shares = choiceShares({ ranksBy: 'mean', scores });
  expect(shares.map(({ isBest }) => isBest)).toEqual([false, true, false]);
  expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
});
