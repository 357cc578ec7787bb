/** Maps whose corners stay where they are; the other ways to resize are tested beside pooling. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { largestError } from '#nodes/slow-formulas.testing.ts';
import { BlockBench } from '#verify/block-bench.testing.ts';
import { resizeMap } from './resize.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

it.each([
  [6, 4],
  [10, 9],
  [3, 2],
])('to %i × %i, corners on corners', async (rows, columns) => {
  const [planes, height, width] = [6, 5, 3];
  const ran = await bench.run({ x: [2, 3, height, width] }, (g, { x }) => ({
    map: resizeMap(g, x, { rows, columns }, { kernel: 'bilinear', alignCorners: true }),
  }));
  const given = ran.numbers('x');
  const along = (at: number, from: number, to: number) => {
    const place = (at * (from - 1)) / (to - 1);
    const first = Math.min(Math.floor(place), from - 2);
    return { first, share: place - first };
  };
  const expected = Array.from({ length: planes * rows * columns }, (_, index) => {
    const y = along(Math.floor(index / columns) % rows, height, rows);
    const x = along(index % columns, width, columns);
    const number = (row: number, column: number) =>
      given[(Math.floor(index / (rows * columns)) * height + row) * width + column]!;
    const line = (row: number) =>
      number(row, x.first) * (1 - x.share) + number(row, x.first + 1) * x.share;
    return line(y.first) * (1 - y.share) + line(y.first + 1) * y.share;
  });
  expect(largestError(ran.output('map'), expected)).toBeLessThan(3e-6);
});
