/** Tiles of a map, against a formula place by place. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BlockBench } from '#verify/block-bench.testing.ts';
import { cutTiles, stitchTiles } from './map-tiles.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

it.each([
  [1, 2, 3],
  [2, 4, 6],
  [3, 6, 9],
])('%i a side lie row by row, and are stitched to what they were', async (side, height, width) => {
  const ran = await bench.run({ map: [2, 3, height, width] }, (g, { map }) => {
    const tiles = cutTiles(g, map, side);
    return { tiles, whole: stitchTiles(g, tiles, side) };
  });
  const given = ran.numbers('map');
  const [rows, columns] = [height / side, width / side];
  const expected: number[] = [];
  for (const picture of [0, 1])
    for (let tile = 0; tile < side ** 2; tile++)
      for (const channel of [0, 1, 2])
        for (let place = 0; place < rows * columns; place++) {
          const y = Math.floor(tile / side) * rows + Math.floor(place / columns);
          const x = (tile % side) * columns + (place % columns);
          expected.push(given[((picture * 3 + channel) * height + y) * width + x]!);
        }
  expect(Array.from(ran.output('tiles'))).toEqual(expected);
  expect(ran.output('whole')).toEqual(given);
});
