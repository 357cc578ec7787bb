import { expect, it } from 'vitest';
import { bindDim, multiplyDims, oneLess } from './value.ts';

it('a size one less than another is known as soon as that is, products included', () => {
  expect(oneLess(7)).toBe(6);
  expect(bindDim(oneLess('sequence'), { sequence: 7 })).toBe(6);
  expect(bindDim(oneLess(multiplyDims(2, 'views')), { views: 3 })).toBe(5);
  expect(() => bindDim(oneLess('sequence'), {})).toThrow('"sequence" has no size');
  expect(() => multiplyDims(2, oneLess('sequence'))).toThrow('is not multiplied');
});
