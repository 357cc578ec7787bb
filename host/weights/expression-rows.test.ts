/** Weight recipes: what they mean, and that it does not matter how many rows are asked for at a time. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { rotaryTables } from '#engine/onnx/rotary.ts';
import { expressionShape, type WeightExpression } from '#engine/onnx/weight.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { readRows, rowsAndColumns, type TensorSource } from './expression-rows.ts';

/** Every number tells its origin, tensor, row and column. */
const numberAt = (origin: number, name: string, row: number, column: number) =>
  10_000 * origin + 1000 * name.length + 10 * row + column;

const sourceOf = (origin: number): TensorSource => ({
  kind: 'checkpoint',
  rows({ name, shape: [, ...rest] }, first, count) {
    if (name === 'unreadable') return fail(error('checkpoint-unreadable', 'It has gone.'));
    const columns = rest.reduce((product, size) => product * size, 1);
    const numbers = Array.from({ length: count * columns }, (_, index) =>
      numberAt(origin, name, first + Math.floor(index / columns), index % columns),
    );
    return ok(Float32Array.from(numbers));
  },
});

const tensor = (name: string, shape: readonly number[], origin = 0): WeightExpression => ({
  kind: 'tensor',
  name,
  shape,
  init: 'matrix',
  origin,
});
const join = (...parts: WeightExpression[]): WeightExpression => ({ kind: 'concatenate', parts });
const cut = (of: WeightExpression, start: number, count: number): WeightExpression => ({
  kind: 'rows',
  of,
  start,
  count,
});
const read = (expression: WeightExpression, first: number, count: number) =>
  readRows(expression, first, count, sourceOf);

/** All rows of an expression, one after the other by their definition. */
function slowRows(expression: WeightExpression): readonly (readonly number[])[] {
  const { rows, columns } = rowsAndColumns(expression);
  const numbers = (count: number, of: (index: number) => number) =>
    Array.from({ length: count }, (_, index) => of(index));
  switch (expression.kind) {
    case 'tensor':
      return numbers(rows, (row) => row).map((row) =>
        numbers(columns, (column) => numberAt(expression.origin, expression.name, row, column)),
      );
    case 'concatenate':
      return expression.parts.flatMap(slowRows);
    case 'rows':
      return slowRows(expression.of).slice(expression.start, expression.start + expression.count);
    case 'offset':
      return slowRows(expression.of).map((row) => row.map((number) => number + expression.by));
    case 'multiple':
      return slowRows(expression.of).map((row) => row.map((number) => number * expression.by));
    case 'reshape': {
      const flat = slowRows(expression.of).flat();
      return numbers(rows, (row) => row).map((row) =>
        flat.slice(row * columns, (row + 1) * columns),
      );
    }
    case 'scaled': {
      const by = slowRows(expression.by).flat();
      return slowRows(expression.of).map((row, place) =>
        row.map((number) => Math.fround(number * by[place]!)),
      );
    }
    case 'sum': {
      const parts = expression.parts.map(slowRows);
      return parts[0]!.map((line, row) =>
        line.map((_, column) =>
          Math.fround(parts.reduce((sum, part) => sum + part[row]![column]!, 0)),
        ),
      );
    }
    case 'low-rank': {
      const [of, down, up] = [expression.of, expression.down, expression.up].map(slowRows) as [
        number[][],
        number[][],
        number[][],
      ];
      return of.map((line, row) =>
        line.map((number, column) => {
          const product = down.reduce((sum, inner, r) => sum + up[row]![r]! * inner[column]!, 0);
          return Math.fround(number + expression.scale * product);
        }),
      );
    }
    case 'batch-norm': {
      const [weight, bias, mean, variance] = [
        expression.weight,
        expression.bias,
        expression.mean,
        expression.variance,
      ].map((vector) => slowRows(vector).flat()) as [number[], number[], number[], number[]];
      return weight.map((number, row) => {
        const normal = (x: number) =>
          ((x - mean[row]!) / Math.sqrt(variance[row]! + expression.epsilon)) * number + bias[row]!;
        // A line is its value at zero and its slope.
        return [Math.fround(expression.part === 'shift' ? normal(0) : normal(1) - normal(0))];
      });
    }
    case 'centred-kernel': {
      const [height, width] = expression.size;
      const [, channels = 0, innerHeight = 0, innerWidth = 0] = expressionShape(expression.of);
      const inner = slowRows(expression.of);
      return inner.map((row) =>
        numbers(channels * height * width, (index) => {
          const channel = Math.floor(index / (height * width));
          const y = (Math.floor(index / width) % height) - (height - innerHeight) / 2;
          const x = (index % width) - (width - innerWidth) / 2;
          const isInside = y >= 0 && y < innerHeight && x >= 0 && x < innerWidth;
          return isInside ? row[(channel * innerHeight + y) * innerWidth + x]! : 0;
        }),
      );
    }
    case 'relative-bias': {
      const table = slowRows(expression.of);
      const { rows: height, columns: width } = expression.window;
      const places = numbers(height * width, (place) => place).map((place) => [
        Math.floor(place / width),
        place % width,
      ]) as [number, number][];
      return numbers(rows, (head) => head).map((head) =>
        places.flatMap(([y, x]) =>
          places.map(
            ([otherY, otherX]) =>
              table[(y - otherY + height - 1) * (2 * width - 1) + x - otherX + width - 1]![head]!,
          ),
        ),
      );
    }
    case 'relative-rows': {
      const table = slowRows(expression.of);
      return numbers(expression.size, (query) => query).map((query) =>
        numbers(expression.size, (key) => key).flatMap(
          (key) => table[query - key + expression.size - 1]!,
        ),
      );
    }
    // Their numbers have tests of their own; here it is that pieces are parts of one whole.
    case 'interpolated':
    case 'computed': {
      const whole = Array.from(valueOf(read(expression, 0, rows)));
      return numbers(rows, (row) => row).map((row) =>
        whole.slice(row * columns, (row + 1) * columns),
      );
    }
  }
}

const [table] = rotaryTables(
  {
    size: 6,
    base: 10_000,
    scaling: 'yarn',
    factor: 4,
    trainedContext: 64,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    shortFactors: [],
    longFactors: [],
  },
  20,
);

const batchNorm = (part: 'scale' | 'shift', channels: number): WeightExpression => ({
  kind: 'batch-norm',
  part,
  weight: tensor('gamma', [channels]),
  bias: tensor('b', [channels]),
  mean: tensor('running_mean', [channels]),
  variance: tensor('running_variance', [channels]),
  epsilon: 1e-3,
});

/** Recipes as nodes write them, and deeper ones. */
const recipes: readonly WeightExpression[] = [
  tensor('conv', [5, 3, 2, 2]),
  join(tensor('query', [8, 4]), tensor('key', [2, 4]), tensor('value', [2, 4])),
  cut(tensor('in_proj', [12, 4]), 4, 4),
  { kind: 'offset', of: tensor('norm', [16]), by: 1 },
  { kind: 'multiple', of: tensor('conv', [5, 3, 2, 2]), by: -0.5 },
  { kind: 'reshape', of: tensor('class', [12]), shape: [1, 1, 12] },
  {
    kind: 'reshape',
    of: join(tensor('norms.0', [6]), tensor('norms.1', [6], 1), tensor('norms.10', [6])),
    shape: [3, 6],
  },
  { kind: 'computed', shape: [20, 3], of: { table: 'rotary-cosine', ...table } },
  { kind: 'computed', shape: [3, 7], of: { table: 'adaptive-average', from: 7, to: 3 } },
  {
    kind: 'computed',
    shape: [6, 2, 3, 1],
    of: { table: 'identity-kernels', channels: 6, groups: 3, size: [3, 1] },
  },
  { kind: 'reshape', of: tensor('one by one', [5, 6, 1, 1]), shape: [5, 6] },
  { kind: 'scaled', of: tensor('conv', [5, 3, 2, 2]), by: batchNorm('scale', 5) },
  { kind: 'sum', parts: [tensor('a', [5]), tensor('bb', [5], 1), batchNorm('shift', 5)] },
  {
    kind: 'low-rank',
    of: cut(tensor('in_proj', [12, 5]), 4, 6),
    down: tensor('A', [2, 5], 1),
    up: tensor('B', [6, 2]),
    scale: 1e-4,
  },
  { kind: 'centred-kernel', of: tensor('pointwise', [4, 2, 1, 3]), size: [3, 5] },
  {
    kind: 'interpolated',
    of: tensor('positions', [1 + 2 * 3, 4]),
    interpolation: {
      prefixTokens: 1,
      from: { rows: 2, columns: 3 },
      to: { rows: 4, columns: 2 },
      kernel: 'bicubic',
      antialias: false,
    },
  },
  { kind: 'relative-rows', of: tensor('rel_pos_h', [2 * 4 - 1, 3]), size: 4 },
  { kind: 'relative-bias', of: tensor('distances', [3 * 5, 2]), window: { rows: 2, columns: 3 } },
  join(
    cut(join(tensor('a', [3, 4]), tensor('bb', [4, 4], 1)), 2, 4),
    { kind: 'offset', of: cut(tensor('ccc', [9, 4]), 5, 3), by: -0.5 },
    { kind: 'reshape', of: tensor('dddd', [8]), shape: [2, 4] },
  ),
];

test.for(recipes.map((recipe, place) => ({ place, recipe })))(
  'recipe $place means the same in pieces of any size',
  ({ recipe }) => {
    const { rows, columns } = rowsAndColumns(recipe);
    const expected = slowRows(recipe);
    expect([expected.length, expected[0]?.length]).toEqual([rows, columns]);
    const somewhere = fc
      .tuple(fc.nat(rows), fc.nat(rows))
      .map((ends) => ends.toSorted((a, b) => a - b));
    fc.assert(
      fc.property(somewhere, ([first = 0, end = 0]) => {
        const piece = valueOf(read(recipe, first, end - first));
        const numbers = expected.slice(first, end).flat();
        expect(piece).toHaveLength(numbers.length);
        for (const [index, number] of numbers.entries()) {
          expect(piece[index]).toBeCloseTo(number, 3);
        }
      }),
      { numRuns: 40 },
    );
  },
);

test('what cannot be read is said, however deep it lies', () => {
  const broken = tensor('unreadable', [4]);
  const offset: WeightExpression = { kind: 'offset', of: join(tensor('a', [2]), broken), by: 1 };
  const deep: WeightExpression = { kind: 'reshape', of: offset, shape: [3, 2] };
  expect(read(deep, 0, 1)).toMatchObject({
    ok: false,
    problems: [{ code: 'checkpoint-unreadable' }],
  });
  expect(read(cut(join(tensor('a', [2]), broken), 0, 2), 0, 2).ok).toBe(true);
});
