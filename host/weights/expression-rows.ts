/** Evaluates a weight expression some rows at a time, from a checkpoint or from seeded noise. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { fillRotaryTable } from '#engine/onnx/rotary.ts';
import { expressionShape, type BlockFormat, type WeightExpression } from '#engine/onnx/weight.ts';
import type { NoiseTable } from './noise.ts';
import type { QuantisedBlocks } from './quantise-blocks.ts';

type TensorExpression = Extract<WeightExpression, { kind: 'tensor' }>;

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
    case 'reshape': {
      // Only small tensors are reshaped, so all of them is read.
      const inner = rowsAndColumns(expression.of);
      const all = readRows(expression.of, 0, inner.rows, sourceOf);
      const { columns } = rowsAndColumns(expression);
      return all.ok ? ok(all.value.subarray(first * columns, (first + count) * columns)) : all;
    }
    case 'computed': {
      const { columns } = rowsAndColumns(expression);
      const table = fillRotaryTable(expression.of, expression.of.table);
      return ok(table.subarray(first * columns, (first + count) * columns));
    }
  }
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
