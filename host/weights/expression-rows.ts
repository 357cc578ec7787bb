/** Evaluates a weight expression some rows at a time, from a checkpoint or from seeded noise. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { fillComputedTable } from '#engine/onnx/computed-table.ts';
import { interpolateTable } from '#engine/onnx/interpolate-table.ts';
import {
  expressionShape,
  type BlockFormat,
  type TableGrid,
  type WeightExpression,
} from '#engine/onnx/weight.ts';
import type { NoiseTable } from './noise.ts';
import type { QuantisedBlocks } from './quantise-blocks.ts';

type Kind<Name extends WeightExpression['kind']> = Extract<WeightExpression, { kind: Name }>;
type TensorExpression = Kind<'tensor'>;

/** Where the tensors of one origin are read. */
export type TensorSource =
  | { readonly kind: 'random'; readonly noise: NoiseTable }
  | {
      readonly kind: 'checkpoint';
      readonly rows: (
        tensor: TensorExpression,
        first: number,
        count: number,
      ) => Outcome<Float32Array>;
    };

export type SourceOf = (origin: number) => TensorSource;

/** Entries of the first axis and numbers in each; a vector has rows of one number. */
export function rowsAndColumns(expression: WeightExpression): { rows: number; columns: number } {
  const [rows = 1, ...rest] = expressionShape(expression);
  return { rows, columns: rest.reduce((product, size) => product * size, 1) };
}

/** Rows `first` up to `first + count`, [count, columns]. */
export function readRows(
  expression: WeightExpression,
  first: number,
  count: number,
  sourceOf: SourceOf,
): Outcome<Float32Array> {
  switch (expression.kind) {
    case 'tensor':
      return readTensor(expression, first, count, sourceOf(expression.origin));
    case 'rows':
      return readRows(expression.of, expression.start + first, count, sourceOf);
    case 'concatenate':
      return readParts(expression.parts, first, count, sourceOf);
    case 'offset': {
      const rows = readRows(expression.of, first, count, sourceOf);
      return rows.ok ? ok(rows.value.map((number) => number + expression.by)) : rows;
    }
    case 'multiple': {
      const rows = readRows(expression.of, first, count, sourceOf);
      return rows.ok ? ok(rows.value.map((number) => number * expression.by)) : rows;
    }
    case 'reshape': {
      const inner = rowsAndColumns(expression.of);
      const { rows, columns } = rowsAndColumns(expression);
      if (inner.rows === rows) return readRows(expression.of, first, count, sourceOf);
      // Only small tensors lose their rows, so all of them is read.
      const all = readRows(expression.of, 0, inner.rows, sourceOf);
      return all.ok ? ok(all.value.subarray(first * columns, (first + count) * columns)) : all;
    }
    case 'scaled': {
      const read = readEach([expression.of, expression.by], first, count, sourceOf);
      if (!read.ok) return read;
      const [numbers, factors] = read.value as [Float32Array, Float32Array];
      const { columns } = rowsAndColumns(expression);
      return ok(numbers.map((number, index) => number * factors[Math.floor(index / columns)]!));
    }
    case 'sum': {
      const read = readEach(expression.parts, first, count, sourceOf);
      if (!read.ok) return read;
      const [start, ...rest] = read.value as [Float32Array, ...Float32Array[]];
      return ok(
        start.map((number, index) => rest.reduce((sum, part) => sum + part[index]!, number)),
      );
    }
    case 'low-rank':
      return readLowRank(expression, first, count, sourceOf);
    case 'batch-norm':
      return readBatchNorm(expression, first, count, sourceOf);
    case 'centred-kernel': {
      const kernels = readRows(expression.of, first, count, sourceOf);
      return kernels.ok ? ok(centreKernels(kernels.value, expression)) : kernels;
    }
    case 'relative-rows': {
      // Row `query` holds those of all keys, from the farthest behind it: one run, read backwards.
      const { columns } = rowsAndColumns(expression.of);
      const table = readRows(expression.of, first, count + expression.size - 1, sourceOf);
      return table.ok
        ? ok(layOutRelativeRows(table.value, columns, expression.size, count))
        : table;
    }
    case 'interpolated':
    case 'relative-bias': {
      // Learned tables are small, and every new row may need any old one.
      const { rows, columns } = rowsAndColumns(expression.of);
      const table = readRows(expression.of, 0, rows, sourceOf);
      if (!table.ok) return table;
      const whole =
        expression.kind === 'interpolated'
          ? interpolateTable(table.value, columns, expression.interpolation)
          : layOutRelativeBias(table.value, columns, expression.window);
      const size = rowsAndColumns(expression).columns;
      return ok(whole.subarray(first * size, (first + count) * size));
    }
    case 'computed': {
      const { columns } = rowsAndColumns(expression);
      const table = fillComputedTable(expression.of);
      return ok(table.subarray(first * columns, (first + count) * columns));
    }
  }
}

/** The same rows of several expressions. */
function readEach(
  expressions: readonly WeightExpression[],
  first: number,
  count: number,
  sourceOf: SourceOf,
): Outcome<readonly Float32Array[]> {
  const all: Float32Array[] = [];
  for (const expression of expressions) {
    const read = readRows(expression, first, count, sourceOf);
    if (!read.ok) return read;
    all.push(read.value);
  }
  return ok(all);
}

/** W + s · B · A, row by row: only the rows of B that are asked for, and A, which is small, as a whole. */
function readLowRank(
  { of, down, up, scale }: Kind<'low-rank'>,
  first: number,
  count: number,
  sourceOf: SourceOf,
): Outcome<Float32Array> {
  const read = readEach([of, up], first, count, sourceOf);
  if (!read.ok) return read;
  const { rows: rank, columns } = rowsAndColumns(down);
  const inner = readRows(down, 0, rank, sourceOf);
  if (!inner.ok) return inner;
  const [numbers, factors] = read.value as [Float32Array, Float32Array];
  const sums = Float64Array.from(numbers);
  for (let row = 0; row < count; row++) {
    for (let each = 0; each < rank; each++) {
      const factor = scale * factors[row * rank + each]!;
      for (let column = 0; column < columns; column++)
        sums[row * columns + column]! += factor * inner.value[each * columns + column]!;
    }
  }
  return ok(Float32Array.from(sums));
}

/** scale = weight / √(variance + epsilon); shift = bias − mean · scale. */
function readBatchNorm(
  { part, weight, bias, mean, variance, epsilon }: Kind<'batch-norm'>,
  first: number,
  count: number,
  sourceOf: SourceOf,
): Outcome<Float32Array> {
  const read = readEach([weight, bias, mean, variance], first, count, sourceOf);
  if (!read.ok) return read;
  const [weights, biases, means, variances] = read.value as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const scale = (row: number) => weights[row]! / Math.sqrt(variances[row]! + epsilon);
  const value = (_: number, row: number) =>
    part === 'scale' ? scale(row) : biases[row]! - means[row]! * scale(row);
  return ok(weights.map(value));
}

function centreKernels(
  numbers: Float32Array,
  { of, size: [height, width] }: Kind<'centred-kernel'>,
): Float32Array {
  const [, , innerHeight = 1, innerWidth = 1] = expressionShape(of);
  const top = (height - innerHeight) / 2;
  const left = (width - innerWidth) / 2;
  const kernels = numbers.length / (innerHeight * innerWidth);
  const result = new Float32Array(kernels * height * width);
  for (let line = 0; line < kernels * innerHeight; line++) {
    const kernel = Math.floor(line / innerHeight);
    const row = top + (line % innerHeight);
    const from = numbers.subarray(line * innerWidth, (line + 1) * innerWidth);
    result.set(from, (kernel * height + row) * width + left);
  }
  return result;
}

/** Of each query from the first read: the entry of key k lies size − 1 − k behind its own start. */
function layOutRelativeRows(
  table: Float32Array,
  columns: number,
  size: number,
  count: number,
): Float32Array {
  const result = new Float32Array(count * size * columns);
  for (let query = 0; query < count; query++) {
    for (let key = 0; key < size; key++) {
      const from = (query - key + size - 1) * columns;
      const row = table.subarray(from, from + columns);
      result.set(row, (query * size + key) * columns);
    }
  }
  return result;
}

/** table [(2 rows − 1) · (2 columns − 1), heads] → [heads, places, places]. Source: Swin, 2103.14030. */
function layOutRelativeBias(
  table: Float32Array,
  heads: number,
  { rows, columns }: TableGrid,
): Float32Array {
  const places = rows * columns;
  const result = new Float32Array(heads * places * places);
  for (let query = 0; query < places; query++) {
    for (let key = 0; key < places; key++) {
      const down = Math.floor(query / columns) - Math.floor(key / columns) + rows - 1;
      const across = (query % columns) - (key % columns) + columns - 1;
      const distance = down * (2 * columns - 1) + across;
      for (let head = 0; head < heads; head++) {
        result[(head * places + query) * places + key] = table[distance * heads + head]!;
      }
    }
  }
  return result;
}

/** The same rows already in block format, where noise has them so; else null. */
export function readBlocks(
  expression: WeightExpression,
  first: number,
  count: number,
  format: BlockFormat,
  sourceOf: SourceOf,
): QuantisedBlocks | null {
  if (expression.kind !== 'tensor') return null;
  const source = sourceOf(expression.origin);
  return source.kind === 'random' ? source.noise.blocks(expression, first, count, format) : null;
}

function readTensor(
  tensor: TensorExpression,
  first: number,
  count: number,
  source: TensorSource,
): Outcome<Float32Array> {
  if (source.kind === 'checkpoint') return source.rows(tensor, first, count);
  return ok(source.noise.rows(tensor, first, count));
}

/** Reads through parts that lie one below the other. */
function readParts(
  parts: readonly WeightExpression[],
  first: number,
  count: number,
  sourceOf: SourceOf,
): Outcome<Float32Array> {
  const { columns } = rowsAndColumns(parts[0] as WeightExpression);
  const result = new Float32Array(count * columns);
  let start = 0;
  for (const part of parts) {
    const { rows } = rowsAndColumns(part);
    const from = Math.max(first, start);
    const to = Math.min(first + count, start + rows);
    if (from < to) {
      const read = readRows(part, from - start, to - from, sourceOf);
      if (!read.ok) return read;
      result.set(read.value, (from - first) * columns);
    }
    start += rows;
  }
  return ok(result);
}
