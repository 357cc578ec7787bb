/** Biases of attention on a grid that depend on what asks: one by the rows between two places, one by the columns. */
import type { GraphBuilder } from '../graph-builder.ts';
import { add, matmul } from '../operators.ts';
import { reshape, transpose } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import type { TableGrid, WeightExpression } from '../weight.ts';

export interface DistanceTables {
  /** Names of the tables by rows and by columns between two places, [2 · trained − 1, d] each. */
  readonly vertical: string;
  readonly horizontal: string;
  /** The grid they were trained on. */
  readonly trained: TableGrid;
}

/**
 * q · table[rows between] + q · table[columns between], for every head, query and key of a grid.
 * query [B, rows · columns, H · d] → [B, H, N, N]. Sources: MViTv2 (2112.01526), SAM (2304.02643).
 */
export function decomposedBias(
  g: GraphBuilder,
  query: Value,
  headCount: number,
  { rows, columns }: TableGrid,
  { vertical, horizontal, trained }: DistanceTables,
): Value {
  const [batch, count] = query.shape as [Dim, Dim];
  const headSize = fixedDim(query, -1) / headCount;
  const places = reshape(g, query, [batch, rows, columns, headCount, headSize]);
  const tables = {
    vertical: distances(g, vertical, trained.rows, rows, headSize),
    horizontal: distances(g, horizontal, trained.columns, columns, headSize),
  };
  // Every row of queries meets a matrix of its own, and so does every column.
  const byRow = matmul(g, transpose(g, places, 0, 3, 1, 2, 4), tables.vertical); // [B, H, rows, columns, rows]
  const acrossFirst = matmul(g, transpose(g, places, 0, 3, 2, 1, 4), tables.horizontal); // [B, H, columns, rows, columns]
  const byColumn = transpose(g, acrossFirst, 0, 1, 3, 2, 4);
  const all = add(
    g,
    reshape(g, byRow, [batch, headCount, count, rows, 1]),
    reshape(g, byColumn, [batch, headCount, count, 1, columns]),
  );
  return reshape(g, all, [batch, headCount, count, count]);
}

/** [size, d, size]: what a query at each place is multiplied by for each key, brought to another size. */
function distances(
  g: GraphBuilder,
  name: string,
  trained: number,
  size: number,
  headSize: number,
): Value {
  const stored = g.tensor(name, [2 * trained - 1, headSize], 'embedding');
  const interpolation = {
    prefixTokens: 0,
    from: { rows: 2 * trained - 1, columns: 1 },
    to: { rows: 2 * size - 1, columns: 1 },
    kernel: 'bilinear',
    antialias: false,
  } as const;
  const of: WeightExpression =
    trained === size ? stored : { kind: 'interpolated', of: stored, interpolation };
  return transpose(g, g.weight({ kind: 'relative-rows', of, size }), 0, 2, 1);
}
