import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  attend as attendSlowly,
  largestError,
  toRows,
  type Rows,
} from '#nodes/slow-formulas.testing.ts';
import { BlockBench } from '#verify/block-bench.testing.ts';
import { countFlops } from '#engine/estimate/model-cost.ts';
import { attend } from './attention.ts';
import { attendInWindows, cutWindows, joinWindows, relativeBias, windowBias } from './windows.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

const [window, heads, channels] = [3, 2, 4];

/** Each place of a map attends to those of its window; one after the other by their places. */
function attendInWindowsSlowly(
  map: Rows,
  table: Rows,
  [rows, columns]: readonly [number, number],
  shift: number,
): Rows {
  const [tall, wide] = [rows, columns].map((size) => window * Math.ceil(size / window)) as [
    number,
    number,
  ];
  const empty = Array.from({ length: channels }, () => 0);
  // Where a place of the rolled map lay before, and in which of the bands that the roll leaves together.
  const before = (at: number, size: number) => (at + shift) % size;
  const band = (at: number, size: number) =>
    shift === 0 || at < size - window ? 0 : at < size - shift ? 1 : 2;
  const result = map.map(() => [] as readonly number[]);
  for (let top = 0; top < tall; top += window) {
    for (let left = 0; left < wide; left += window) {
      const places = Array.from({ length: window * window }, (_, place) => {
        const [y, x] = [top + Math.floor(place / window), left + (place % window)];
        return { y, x, from: [before(y, tall), before(x, wide)] as const };
      });
      const tokens = places.map(({ from: [y, x] }) =>
        y < rows && x < columns ? map[y * columns + x]! : empty,
      );
      const bias = (head: number, query: number, key: number) => {
        const [a, b] = [places[query]!, places[key]!];
        const isApart = band(a.y, tall) !== band(b.y, tall) || band(a.x, wide) !== band(b.x, wide);
        const distance = (a.y - b.y + window - 1) * (2 * window - 1) + a.x - b.x + window - 1;
        return table[distance]![head]! + (isApart ? -100 : 0);
      };
      const mixed = attendSlowly(tokens, tokens, tokens, heads, heads, bias);
      for (const [place, { from }] of places.entries()) {
        const [y, x] = from;
        if (y < rows && x < columns) result[y * columns + x] = mixed[place]!;
      }
    }
  }
  return result;
}

describe.each([
  ['whole windows', 1, [6, 9], 0],
  ['whole windows, shifted', 1, [6, 9], 1],
  ['two pictures, shifted', 2, [6, 6], 1],
  ['two pictures that fill no whole windows', 2, [5, 7], 0],
  ['two pictures that fill no whole windows, shifted by two', 2, [5, 7], 2],
] as const)('%s', (_, pictures, [rows, columns], shift) => {
  const inputs = { map: [pictures, rows, columns, channels] };

  it('come back as they were cut', async () => {
    const ran = await bench.run(inputs, (g, { map }) => ({
      same: joinWindows(g, cutWindows(g, map, { window, shift }), map, { window, shift }),
    }));
    expect(ran.output('same')).toEqual(ran.numbers('map'));
  });

  it('see only themselves, and of those what lay together', async () => {
    const ran = await bench.run(inputs, (g, { map }) => {
      const tokens = cutWindows(g, map, { window, shift });
      const relative = relativeBias(g, 'relative_position_bias_table', window, heads);
      const bias = windowBias(g, relative, map, { window, shift });
      const projected = { query: tokens, key: tokens, value: tokens };
      const mixed = attend(g, projected, { headCount: heads }, { bias });
      return { mixed: joinWindows(g, mixed, map, { window, shift }) };
    });
    const all = toRows(ran.numbers('map'), channels);
    const table = toRows(ran.numbers('relative_position_bias_table'), heads);
    const expected = Array.from({ length: pictures }, (_none, picture) =>
      attendInWindowsSlowly(
        all.slice(picture * rows * columns, (picture + 1) * rows * columns),
        table,
        [rows, columns],
        shift,
      ),
    );
    expect(largestError(ran.output('mixed'), expected.flat(2))).toBeLessThan(2e-6);
  });
});

it('are as many as there are pictures when the graph runs, and are counted so', async () => {
  const shift = 1;
  const pictures = 2;
  const ran = await bench.run({ map: [pictures, 6, 6, channels] }, (g, given) => {
    const map = { ...given.map, shape: ['views', 6, 6, channels] };
    const mixedOf = (value: typeof map) => {
      const tokens = cutWindows(g, value, { window, shift });
      const bias = windowBias(g, relativeBias(g, 'table', window, heads), value, { window, shift });
      const projected = { query: tokens, key: tokens, value: tokens };
      const mixed = attend(g, projected, { headCount: heads }, { bias });
      return joinWindows(g, mixed, value, { window, shift });
    };
    return { open: mixedOf(map), fixed: mixedOf(given.map as typeof map) };
  });
  expect(ran.output('open')).toEqual(ran.output('fixed'));
  const products = 2 * pictures * 4 * 9 * 9 * channels;
  expect(countFlops(ran.model, { views: pictures })).toBe(2 * 2 * products);
});

describe.each([
  ['that it fills', [6, 9]],
  ['that it does not fill', [5, 7]],
  ['of which it has one, not full', [2, 3]],
] as const)('attention of a grid in windows %s', (_, [rows, columns]) => {
  const [pictures, places] = [2, rows * columns];
  const inputs = { query: [pictures, places, channels], key: [pictures, places, channels] };
  const grid = { rows, columns };

  it('lets each place look at those of its window that there are', async () => {
    const ran = await bench.run(inputs, (g, { query, key }) => ({
      mixed: attendInWindows(g, { query, key, value: key }, heads, grid, window),
    }));
    const [queries, keys] = [ran.numbers('query'), ran.numbers('key')].map((numbers) =>
      toRows(numbers, channels),
    ) as [Rows, Rows];
    const windowOf = (place: number) => {
      const inPicture = place % places;
      const [y, x] = [Math.floor(inPicture / columns), inPicture % columns];
      return [Math.floor(place / places), Math.floor(y / window), Math.floor(x / window)].join();
    };
    const expected = queries.map((query, place) => {
      const seen = keys.filter((_key, other) => windowOf(other) === windowOf(place));
      return attendSlowly([query], seen, seen, heads)[0] ?? [];
    });
    expect(largestError(ran.output('mixed'), expected.flat())).toBeLessThan(2e-6);
    const windows = Math.ceil(rows / window) * Math.ceil(columns / window);
    expect(countFlops(ran.model, {})).toBe(2 * 2 * pictures * windows * 9 * 9 * channels);
  });
});

it('attention in windows takes as many pictures as there are when the graph runs', async () => {
  const grid = { rows: 5, columns: 7 };
  const ran = await bench.run({ x: [2, 35, channels] }, (g, { x }) => {
    const open = { ...x, shape: ['views', 35, channels] };
    const mixed = (value: typeof open | typeof x) =>
      attendInWindows(g, { query: value, key: value, value }, heads, grid, window);
    return { open: mixed(open), fixed: mixed(x) };
  });
  expect(ran.output('open')).toEqual(ran.output('fixed'));
});
