import { expect, test } from 'vitest';
import { roundTicks } from './chart-scale.ts';

test('an axis has a few round values, as many as fit', () => {
  expect(roundTicks(0, 1.27e9, 4)).toEqual([0, 5e8, 1e9]);
  expect(roundTicks(0, 810e6, 5)).toEqual([0, 200e6, 400e6, 600e6, 800e6]);
  expect(roundTicks(1210, 1395, 6)).toEqual([1250, 1300, 1350]);
  expect(roundTicks(0, 9, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(roundTicks(5, 5, 4)).toEqual([]);
});
