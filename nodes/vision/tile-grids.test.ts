import { expect, it } from 'vitest';
import { panAndScanGrid } from './pan-and-scan-grid.ts';
import { evenSize, upToTiles } from './split-sizes.ts';
import {
  bestGrid,
  fittedSize,
  gridsOfTiles,
  nearestGrid,
  readGrids,
  writeGrids,
} from './tile-grids.ts';

it('grids are read as rows and columns, and what is none is told by its text', () => {
  const grids = [
    { rows: 1, columns: 2 },
    { rows: 12, columns: 12 },
  ];
  expect(readGrids('1×2; 12 x 12')).toEqual({ ok: true, value: grids });
  expect(readGrids(writeGrids(grids))).toEqual({ ok: true, value: grids });
  for (const text of ['', '0×2', '2', '1×2,', '13×12', 'two × two'])
    expect(readGrids(text)).toMatchObject({
      ok: false,
      problems: [{ code: 'param-invalid', param: 'grids' }],
    });
});

it('of grids that are equally good for a square the first is taken', () => {
  const flat = { rows: 1, columns: 2 };
  const tall = { rows: 2, columns: 1 };
  expect(bestGrid({ width: 50, height: 50 }, [flat, tall], 32)).toBe(flat);
  expect(bestGrid({ width: 50, height: 50 }, [tall, flat], 32)).toBe(tall);
});

it('a picture touches two sides of its room, however thin it is', () => {
  const room = { width: 64, height: 32 };
  expect(fittedSize({ width: 20_000, height: 20 }, room)).toEqual({ width: 64, height: 1 });
  expect(fittedSize({ width: 1, height: 900 }, room)).toEqual({ width: 1, height: 32 });
  expect(fittedSize({ width: 3, height: 2 }, room)).toEqual({ width: 48, height: 32 });
});

it('all grids of a number of tiles come by ascending number', () => {
  expect(writeGrids(gridsOfTiles(2, 4))).toBe('2×1, 1×2, 3×1, 1×3, 4×1, 2×2, 1×4');
  expect(gridsOfTiles(1, 12)).toHaveLength(35);
});

it('of grids of the same proportions more tiles are taken where the picture is large', () => {
  const grids = gridsOfTiles(1, 4);
  expect(nearestGrid({ width: 40, height: 40 }, grids, 32)).toEqual({ rows: 1, columns: 1 });
  expect(nearestGrid({ width: 50, height: 50 }, grids, 32)).toEqual({ rows: 2, columns: 2 });
  expect(nearestGrid({ width: 500, height: 10 }, grids, 32)).toEqual({ rows: 1, columns: 4 });
});

it('a picture to be split has an even short side, and then sides of whole tiles', () => {
  expect(evenSize({ width: 101, height: 50 }, 48)).toEqual({ width: 48, height: 24 });
  expect(evenSize({ width: 50, height: 101 }, 1456)).toEqual({ width: 720, height: 1456 });
  expect(evenSize({ width: 5000, height: 1 }, 48)).toEqual({ width: 48, height: 1 });
  expect(upToTiles({ width: 48, height: 22 }, 16)).toEqual({ width: 48, height: 32 });
  expect(upToTiles({ width: 2, height: 49 }, 16)).toEqual({ width: 16, height: 64 });
});

it('a picture is panned over where it is long enough and its crops are not too small', () => {
  const recipe = { mostCrops: 4, leastCrop: 16, leastRatio: 1.2 };
  const gridOf = (width: number, height: number) => panAndScanGrid({ width, height }, recipe);
  expect(gridOf(100, 90)).toBeNull();
  expect(gridOf(100, 80)).toEqual({ rows: 1, columns: 2 });
  expect(gridOf(40, 100)).toEqual({ rows: 3, columns: 1 });
  expect(gridOf(1000, 50)).toEqual({ rows: 1, columns: 4 });
  expect(gridOf(30, 20)).toBeNull();
});
