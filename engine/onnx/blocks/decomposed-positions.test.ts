import { afterAll, beforeAll, expect, it } from 'vitest';
import { countFlops } from '#engine/estimate/model-cost.ts';
import { dot, largestError, toRows } from '#nodes/slow-formulas.testing.ts';
import { BlockBench } from '#verify/block-bench.testing.ts';
import { decomposedBias } from './decomposed-positions.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

const [pictures, rows, columns, heads, headSize] = [2, 3, 4, 2, 5];
const places = rows * columns;
const grid = { rows, columns };

it.each([
  ['as trained', grid],
  ['brought to another grid', { rows: 4, columns: 3 }],
])('each query is asked how much it minds the distance to a key: %s', async (_, trained) => {
  const names = { vertical: 'rel_pos_h', horizontal: 'rel_pos_w', trained };
  const ran = await bench.run({ query: [pictures, places, heads * headSize] }, (g, { query }) => ({
    bias: decomposedBias(g, query, heads, grid, names),
  }));
  /** Row `index` of a table of 2 · size − 1 distances, read off one of another size on a straight line. */
  const entry = (name: string, index: number, size: number) => {
    const table = toRows(ran.numbers(name), headSize);
    const exact = ((index + 0.5) * table.length) / (2 * size - 1) - 0.5;
    const at = Math.min(Math.max(exact, 0), table.length - 1);
    const [before, after] = [table[Math.floor(at)]!, table[Math.ceil(at)]!];
    return before.map((number, channel) => number + (at % 1) * (after[channel]! - number));
  };
  const queries = toRows(ran.numbers('query'), headSize);
  const expected: number[] = [];
  for (let picture = 0; picture < pictures; picture++) {
    for (let head = 0; head < heads; head++) {
      for (let query = 0; query < places; query++) {
        const asked = queries[(picture * places + query) * heads + head]!;
        for (let key = 0; key < places; key++) {
          const down = Math.floor(query / columns) - Math.floor(key / columns);
          const across = (query % columns) - (key % columns);
          expected.push(
            dot(asked, entry('rel_pos_h', down + rows - 1, rows)) +
              dot(asked, entry('rel_pos_w', across + columns - 1, columns)),
          );
        }
      }
    }
  }
  expect(largestError(ran.output('bias'), expected)).toBeLessThan(5e-6);
  expect(countFlops(ran.model, {})).toBe(
    2 * pictures * heads * places * headSize * (rows + columns),
  );
});
