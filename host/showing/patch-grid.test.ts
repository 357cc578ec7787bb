import { expect, test } from 'vitest';
import { patchGrid } from './patch-grid.ts';

test.for([
  [576, 336, 336, { rows: 24, columns: 24 }],
  // Patches of 14 do not fill 384, and their grid is square nevertheless.
  [729, 384, 384, { rows: 27, columns: 27 }],
  [60, 140, 84, { rows: 6, columns: 10 }],
  [12, 42, 56, { rows: 4, columns: 3 }],
  [1, 32, 32, { rows: 1, columns: 1 }],
] as const)('%i patches of %i × %i make a grid', ([patches, width, height, grid]) => {
  expect(patchGrid(patches, { width, height })).toEqual(grid);
});

test.for([
  ['with one token more than patches', 577, 336, 336],
  ['of which there are none', 0, 336, 336],
  ['that would be no squares', 6, 12, 12],
] as const)('tokens %s make none', ([, patches, width, height]) => {
  expect(patchGrid(patches, { width, height })).toBeNull();
});
