/** What other programs take of the processors. */
import { expect, test } from 'vitest';
import { othersShare, readProcessors } from './processor-load.ts';

const at = (busyMs: number, totalMs: number) => ({ busyMs, totalMs });

test('is what was busy and not ours, of all processors', () => {
  expect(othersShare(at(100, 1000), at(600, 2000), 200)).toBe(0.3);
  expect(othersShare(at(100, 1000), at(600, 2000), 500)).toBe(0);
});

test('is nothing where our own count runs ahead of the system’s, or no time has passed', () => {
  expect(othersShare(at(100, 1000), at(600, 2000), 510)).toBe(0);
  expect(othersShare(at(100, 1000), at(100, 1000), 0)).toBe(0);
});

test('is told by times of this machine that only grow', () => {
  const [before, after] = [readProcessors(), readProcessors()];
  expect(before.busyMs).toBeGreaterThan(0);
  expect(before.totalMs).toBeGreaterThan(before.busyMs);
  expect(after.totalMs).toBeGreaterThanOrEqual(before.totalMs);
});
