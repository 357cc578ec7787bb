/** Learned positions, one a token, brought to the grid of the picture when they are loaded. */
import type { GraphBuilder } from '../graph-builder.ts';
import { add } from '../operators.ts';
import { gather, reshape } from '../shape-operators.ts';
import { prependTokens, type LearnedTokens } from './patch-embedding.ts';
import { fixedDim, type Value } from '../value.ts';
import {
  expressionShape,
  type Interpolation,
  type TableGrid,
  type WeightExpression,
} from '../weight.ts';

export interface PositionTable {
  /** [prefix + rows · columns, D] of the trained grid. */
  readonly of: WeightExpression;
  /** Rows before those of the grid, such as the class token's. */
  readonly prefixTokens: number;
  /** The grid it was trained on. */
  readonly trained: TableGrid;
  readonly kernel: Interpolation['kernel'];
  readonly antialias: boolean;
}

/** The table of another grid, [prefix + rows · columns, D]. */
export function positionTable(
  { of, prefixTokens, trained, kernel, antialias }: PositionTable,
  grid: TableGrid,
): WeightExpression {
  if (trained.rows === grid.rows && trained.columns === grid.columns) return of;
  const interpolation = { prefixTokens, from: trained, to: grid, kernel, antialias };
  return { kind: 'interpolated', of, interpolation };
}

/** A learned table as most checkpoints keep it: `name` [prefix + rows · columns, D]. */
export function learnedPositions(
  g: GraphBuilder,
  name: string,
  hiddenSize: number,
  trained: Omit<PositionTable, 'of'>,
): PositionTable {
  const rows = trained.prefixTokens + trained.trained.rows * trained.trained.columns;
  return { ...trained, of: g.tensor(name, [rows, hiddenSize], 'embedding') };
}

/**
 * Trained positions as they lie at the same share of the way down and across, as Idefics2 and its kin pick them:
 * no number is mixed of two. {@link PositionTable} `of` [rows · columns, D] without a prefix → [N, D]
 * Source: transformers, models/idefics3 (Idefics3VisionEmbeddings), after NaViT, 2307.06304.
 */
export function bucketedPositions(
  g: GraphBuilder,
  { of, trained }: Pick<PositionTable, 'of' | 'trained'>,
  grid: TableGrid,
): Value {
  const channels = expressionShape(of)[1] ?? 0;
  const down = bucketsAlong(grid.rows, trained.rows);
  const across = bucketsAlong(grid.columns, trained.columns);
  const isWhole = (buckets: readonly number[], all: number) =>
    buckets.length === all && buckets.every((bucket, place) => bucket === place);
  if (isWhole(down, trained.rows) && isWhole(across, trained.columns)) return g.weight(of);
  const shape = [trained.rows, trained.columns, channels];
  const table = g.weight({ kind: 'reshape', of, shape });
  const picked = gather(g, gather(g, table, g.list(...down), 0), g.list(...across), 1);
  return reshape(g, picked, [grid.rows * grid.columns, channels]);
}

/** For each of `count` places the trained one at its share of the way, in the single precision of the library. */
function bucketsAlong(count: number, trained: number): readonly number[] {
  const step = Math.fround(1 / count);
  const borders = Array.from({ length: trained - 1 }, (_, border) =>
    Math.fround((border + 1) / trained),
  );
  return Array.from({ length: count }, (_, place) => {
    const share = Math.fround(place * step);
    return borders.filter((border) => border <= share).length;
  });
}

/** Fixed positions of a grid, [rows · columns, channels]; channels in fours. */
export function sineCosinePositions(grid: TableGrid, channels: number): WeightExpression {
  const { rows, columns } = grid;
  return {
    kind: 'computed',
    shape: [rows * columns, channels],
    of: { table: 'sine-cosine', rows, columns, channels },
  };
}

/**
 * Patches with their positions, behind learned tokens; where the table has a row for the first learned token,
 * that is added to it when it is loaded. [B, N, D] → [B, learned + N, D]
 */
export function positionedTokens(
  g: GraphBuilder,
  patches: Value,
  learned: readonly LearnedTokens[],
  table: PositionTable,
  grid: TableGrid,
): Value {
  const { prefixTokens } = table;
  const rows = positionTable(table, grid);
  const cut = (start: number, count: number): WeightExpression => ({
    kind: 'rows',
    of: rows,
    start,
    count,
  });
  const [first, ...others] = learned;
  const count = grid.rows * grid.columns;
  const placed = add(g, patches, g.weight(prefixTokens === 0 ? rows : cut(prefixTokens, count)));
  if (!first) return placed;
  const shape = [first.count, fixedDim(patches, -1)];
  const flat: WeightExpression = { kind: 'reshape', of: first.of, shape };
  const withPosition: WeightExpression =
    prefixTokens === 0 ? flat : { kind: 'sum', parts: [flat, cut(0, prefixTokens)] };
  return prependTokens(g, placed, [{ of: withPosition, count: first.count }, ...others]);
}
