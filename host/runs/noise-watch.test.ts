import os from 'node:os';
import { expect, test } from 'vitest';
import { NoiseWatch, type Reading } from './noise-watch.ts';

const atFirst: Reading = {
  processors: { busyMs: 10_000, totalMs: 60_000 },
  ownMs: 2_000,
  swappedBytes: 4_096,
};

const secondsOfAll = 1_000 * os.availableParallelism();

test('what is neither idle nor this process is what others took', () => {
  const readings = [
    atFirst,
    {
      ...atFirst,
      processors: {
        busyMs: 10_000 + 2 * secondsOfAll,
        totalMs: 60_000 + 4 * secondsOfAll,
      },
      ownMs: 2_000 + secondsOfAll,
      swappedBytes: 12_288,
    },
  ];
  const clocks = [
    [800, 3_400],
    [800, 2_600],
  ];
  const watch = new NoiseWatch(
    () => readings.shift() ?? atFirst,
    () => clocks.shift() ?? [],
  );
  expect(watch.end()).toEqual({
    othersShare: 0.25,
    swappedBytes: 8_192,
    clockMHz: { lowest: 2_600, highest: 3_400 },
  });
});

test('of passes that are over at once nothing is said, nor where the system tells nothing', () => {
  const silent = { ...atFirst, swappedBytes: null };
  const readings = [silent, { ...silent, processors: { busyMs: 10_100, totalMs: 60_100 } }];
  const watch = new NoiseWatch(
    () => readings.shift() ?? silent,
    () => [],
  );
  expect(watch.end()).toEqual({ othersShare: null, swappedBytes: null, clockMHz: null });
});

test('this machine can be watched', () => {
  const { othersShare, swappedBytes } = new NoiseWatch().end();
  expect(othersShare).toBeNull();
  expect(swappedBytes ?? 0).toBeGreaterThanOrEqual(0);
});
