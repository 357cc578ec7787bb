import { expect, test } from 'vitest';
import { noiseSentences, passSentences } from './pass-sentences.ts';

const quiet = {
  othersShare: 0.04,
  swappedBytes: 0,
  clockMHz: { lowest: 3_300, highest: 3_400 },
} as const;

test('a machine that did little else is not spoken of, nor one that tells nothing', () => {
  expect(noiseSentences(quiet)).toEqual([]);
  expect(noiseSentences({ othersShare: null, swappedBytes: null, clockMHz: null })).toEqual([]);
  expect(noiseSentences(null)).toEqual([]);
});

test('of stages that took turns in memory it is said first', () => {
  const noise = { ...quiet, othersShare: 0.5 };
  const [first = '', second = ''] = passSentences({ holding: 'in-turn', noise });
  expect(first).toMatch(/^There was no room to hold all stages at once/);
  expect(second).toMatch(/^Other programs took 50%/);
  expect(passSentences({ holding: 'together', noise: quiet })).toEqual([]);
});

test('each disturbance is named with its size and what helps', () => {
  const disturbed = {
    othersShare: 0.34,
    swappedBytes: 120e6,
    clockMHz: { lowest: 2_100, highest: 3_400 },
  };
  expect(noiseSentences(disturbed)).toEqual([
    'Other programs took 34% of the processors while this was timed; for figures to build on, close them and run again.',
    '120\u2009MB went between memory and disk while this was timed, as memory was short; free some, or take fewer bits a weight.',
    "The processor's clock went between 2.1 GHz and 3.4 GHz while this was timed; let it cool, plug the charger in, and run again.",
  ]);
});
