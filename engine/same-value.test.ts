import { expect, test } from 'vitest';
import { sameValue } from './same-value.ts';

test('the same value is the same however its fields are ordered', () => {
  expect(sameValue({ kind: 'random', seed: 0 }, { seed: 0, kind: 'random' })).toBe(true);
  expect(sameValue({ kind: 'random', seed: 0 }, { kind: 'random', seed: 1 })).toBe(false);
  expect(sameValue({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toBe(true);
  expect(sameValue([1, 2], [1])).toBe(false);
  expect(sameValue(undefined, null)).toBe(false);
  expect(sameValue([], {})).toBe(false);
  expect(sameValue(0, -0)).toBe(true);
  expect(sameValue(NaN, NaN)).toBe(true);
});
