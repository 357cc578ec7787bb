import { expect, it } from 'vitest';
import { bestGrid, fittedSize, readGrids, writeGrids } from './tile-grids.ts';

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
