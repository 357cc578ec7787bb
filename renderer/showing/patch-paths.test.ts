import { expect, test } from 'vitest';
import { attendedPaths, keptPaths, mergedPaths } from './patch-paths.ts';
import { marksOf } from './sample-views.testing.ts';

/** Steps of a path, in whatever order they are drawn. */
const steps = (path: string): readonly string[] =>
  (path.match(/M[^M]*/g) ?? []).toSorted((a, b) => a.localeCompare(b));

test('what is gone is an area, neighbours in a row as one, and never around the end of a row', () => {
  const { gone } = keptPaths(marksOf([1, 0, 0], [0, 1, 0]));
  expect(steps(gone)).toEqual(['M0 1h1v1h-1z', 'M1 0h2v1h-2z', 'M2 1h1v1h-1z']);
});

test('a kept patch is outlined on all four sides, at the border of the picture too', () => {
  const inside = keptPaths(marksOf([0, 0, 0], [0, 1, 0], [0, 0, 0]));
  expect(steps(inside.edges)).toEqual(steps('M1 1h1M1 1v1M2 1v1M1 2h1'));
  const corner = keptPaths(marksOf([1, 0], [0, 0]));
  expect(steps(corner.edges)).toEqual(steps('M0 0h1M0 0v1M1 0v1M0 1h1'));
});

test('kept patches beside one another have no line between them', () => {
  const { edges } = keptPaths(marksOf([1, 2], [0, 0]));
  expect(steps(edges)).toEqual(steps('M0 0h1M1 0h1M0 0v1M2 0v1M0 1h1M1 1h1'));
});

test('what is singled out has a point in the middle of its patch', () => {
  expect(keptPaths(marksOf([1, 2], [0, 2])).singledOut).toEqual([
    { x: 1.5, y: 0.5 },
    { x: 1.5, y: 1.5 },
  ]);
});

test('only patches that share a token are marked, and those that touch need no line', () => {
  const { areas, edges, links } = mergedPaths(marksOf([7, 7, 3], [1, 2, 4]));
  expect(areas.filter((area) => area !== '')).toEqual(['M0 0h2v1h-2z']);
  expect(steps(edges)).toEqual(steps('M0 0h1M1 0h1M0 0v1M2 0v1M0 1h1M1 1h1'));
  expect(links).toBe('');
});

test('patches of one token that lie apart are joined, each to the nearest', () => {
  const { links } = mergedPaths(marksOf([5, 1, 5, 2, 5]));
  expect(steps(links)).toEqual(['M0.5 0.5L2.5 0.5', 'M2.5 0.5L4.5 0.5']);
});

test('tokens that follow one another have different hues', () => {
  const { areas } = mergedPaths(marksOf([1, 1, 2, 2, 3, 3]));
  expect(areas.filter((area) => area !== '')).toEqual([
    'M0 0h2v1h-2z',
    'M2 0h2v1h-2z',
    'M4 0h2v1h-2z',
  ]);
});

test('what is looked at most is in the clearest area, what is not looked at in the first', () => {
  const areas = attendedPaths(marksOf([0, 255, 255], [0, 20, 64]));
  expect(areas.at(-1)).toBe('M1 0h2v1h-2z');
  expect(areas[0]).toBe('M0 0h1v1h-1zM0 1h1v1h-1z');
  const between = areas.slice(1, -1).filter((area) => area !== '');
  expect(between).toEqual(['M1 1h1v1h-1z', 'M2 1h1v1h-1z']);
});
