import { afterAll, beforeAll, expect, it } from 'vitest';
import { countFlops } from '#engine/estimate/model-cost.ts';
import { BlockBench, type RunBlock } from '#verify/block-bench.testing.ts';
import { largestError, linear, softmax, toRows, type Rows } from '#nodes/slow-formulas.testing.ts';
import { deformableAttention, sampleMap } from './deformable-attention.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

const close = 3e-6;
const [pictures, queryCount] = [2, 5];
const grid = { rows: 3, columns: 4 };
const places = grid.rows * grid.columns;
const shape = { hiddenSize: 8, headCount: 2, pointCount: 3 };
const { hiddenSize, headCount, pointCount } = shape;
const headSize = hiddenSize / headCount;

/** Between the four places around; x and y are counted in places from the middle of the first, 0 lies beyond. */
function bilinear(at: (row: number, column: number) => number, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  let sum = 0;
  for (const row of [top, top + 1])
    for (const column of [left, left + 1]) {
      const isInside = row >= 0 && row < grid.rows && column >= 0 && column < grid.columns;
      if (isInside) sum += (1 - Math.abs(x - column)) * (1 - Math.abs(y - row)) * at(row, column);
    }
  return sum;
}

function attendSlowly({ numbers }: RunBlock, queries: Rows, tokens: Rows, references: Rows): Rows {
  const project = (rows: Rows, part: string) => {
    const weight = toRows(numbers(`deform.${part}.weight`), hiddenSize);
    return linear(rows, weight, numbers(`deform.${part}.bias`));
  };
  const values = project(tokens, 'value_proj');
  const offsets = project(queries, 'sampling_offsets');
  const scores = project(queries, 'attention_weights');
  const attended = queries.map((_, query) =>
    Array.from({ length: hiddenSize }, (_none, channel) => {
      const head = Math.floor(channel / headSize);
      const own = scores[query]!.slice(head * pointCount, (head + 1) * pointCount);
      return softmax(own).reduce((sum, weight, point) => {
        const offset = 2 * (head * pointCount + point);
        const [across, down] = [0, 1].map((axis) => offsets[query]![offset + axis]!);
        // A reference of 0 is the outer edge, half a place before the middle of the first.
        const x = references[query]![0]! * grid.columns + across! - 0.5;
        const y = references[query]![1]! * grid.rows + down! - 0.5;
        const at = (row: number, column: number) => values[row * grid.columns + column]![channel]!;
        return sum + weight * bilinear(at, x, y);
      }, 0);
    }),
  );
  return project(attended, 'output_proj');
}

it.each([
  ['that all pictures share', 1],
  ['of their own', pictures],
])('each query looks at a few points, from places %s', async (_, placed) => {
  const shapes = {
    queries: [pictures, queryCount, hiddenSize],
    tokens: [pictures, places, hiddenSize],
    references: [placed, queryCount, 2],
  };
  const run = await bench.run(shapes, (g, { queries, tokens, references }) => ({
    attended: deformableAttention(g, queries, { tokens, grid, references }, 'deform', shape),
  }));
  const rowsOf = (name: string, columns: number, of: number, from: number) => {
    const all = toRows(run.numbers(name), columns);
    return all.slice(from * of, (from + 1) * of);
  };
  const expected = Array.from({ length: pictures }, (_none, picture) =>
    attendSlowly(
      run,
      rowsOf('queries', hiddenSize, queryCount, picture),
      rowsOf('tokens', hiddenSize, places, picture),
      rowsOf('references', 2, queryCount, placed === 1 ? 0 : picture),
    ).flat(),
  );
  expect(run.shapes['attended']).toEqual(shapes.queries);
  expect(largestError(run.output('attended'), expected.flat())).toBeLessThan(close);
  // Values; offsets and weights, the points with their four neighbours, their sum, the projection behind.
  const perQuery =
    3 * headCount * pointCount * hiddenSize + 5 * pointCount * hiddenSize + hiddenSize ** 2;
  expect(countFlops(run.model, {})).toBe(
    2 * pictures * (places * hiddenSize ** 2 + queryCount * perQuery),
  );
});

it('a map is read between its places, and is 0 beyond them', async () => {
  const maps = { map: [1, 1, grid.rows, grid.columns] };
  // The middle of the first place, the middle of all, the upper left corner, and far away.
  const asked = [-0.75, -2 / 3, 0, 0, -1, -1, 4, 0];
  const run = await bench.run(maps, (g, { map }) => ({
    seen: sampleMap(g, map, g.constant('float32', [1, 1, 4, 2], asked)),
  }));
  const at = (row: number, column: number) => run.numbers('map')[row * grid.columns + column]!;
  const expected = [at(0, 0), (at(1, 1) + at(1, 2)) / 2, at(0, 0) / 4, 0];
  expect(largestError(run.output('seen'), expected)).toBeLessThan(close);
});
