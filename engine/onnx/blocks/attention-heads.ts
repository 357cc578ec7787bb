/** What is done head by head: norms and rotary positions of queries and keys, the products in which they meet, padding. */
import { float, int, type GraphBuilder } from '../graph-builder.ts';
import { axialTablePairs, axialTableRows } from '../axial-rotary.ts';
import { padEnd, reshape, slice, transpose } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import type { AxialRotaryTable } from '../weight.ts';
import { norm, type Norm } from './norm.ts';

/** [B, N, H · d] → [B, H, N, d] */
export function splitHeads(g: GraphBuilder, x: Value, headCount: number): Value {
  const [batch, count] = x.shape as [Dim, Dim];
  const size = fixedDim(x, -1) / headCount;
  return transpose(g, reshape(g, x, [batch, count, headCount, size]), 0, 2, 1, 3);
}

/** [B, H, N, d] → [B, N, H · d] */
export function joinHeads(g: GraphBuilder, x: Value): Value {
  const [batch, headCount, count] = x.shape as [Dim, number, Dim];
  const channels = headCount * fixedDim(x, -1);
  return reshape(g, transpose(g, x, 0, 2, 1, 3), [batch, count, channels]);
}

/** Zeros behind each head up to `size`. [1, T, heads · d] → [1, T, heads · size] */
export function padHeads(
  g: GraphBuilder,
  x: Value,
  headCount: number,
  headSize: number,
  size: number,
): Value {
  if (size === headSize) return x;
  const sequence = x.shape[1] as Dim;
  const heads = reshape(g, x, [1, sequence, headCount, headSize]);
  return reshape(g, padEnd(g, heads, 3, size), [1, sequence, headCount * size]);
}

/** Leaves out what `padHeads` has put there. [1, T, heads · size] → [1, T, heads · d] */
export function unpadHeads(
  g: GraphBuilder,
  x: Value,
  headCount: number,
  headSize: number,
  size: number,
): Value {
  if (size === headSize) return x;
  const sequence = x.shape[1] as Dim;
  const heads = reshape(g, x, [1, sequence, headCount, size]);
  const cut = slice(g, heads, 3, g.list(0), g.list(headSize), headSize);
  return reshape(g, cut, [1, sequence, headCount * headSize]);
}

/** q · kᵀ · scale. queries [B, H, Nq, d], keys [B, H, Nk, d] → [B, H, Nq, Nk] */
export function scores(g: GraphBuilder, queries: Value, keys: Value, scale: number): Value {
  const shape = [...keys.shape.slice(0, 2), queries.shape[2] as Dim, keys.shape[2] as Dim];
  return g.op(
    'FusedMatMul',
    [queries, keys],
    { type: 'float32', shape },
    { domain: 'com.microsoft', attributes: { transB: int(1), alpha: float(scale) } },
  );
}

/** A norm over the channels of each head, with one weight [d] for all of them. [B, N, H · d] → the same */
export function normHeads(
  g: GraphBuilder,
  x: Value,
  headSize: number,
  name: string,
  kind: Norm,
): Value {
  const [batch, count] = x.shape as [Dim, Dim];
  const heads = reshape(g, x, [batch, count, fixedDim(x, -1) / headSize, headSize]);
  return reshape(g, norm(g, heads, name, kind), x.shape);
}

/**
 * Turns each head by the place of its token; `pairing` says which channels make a pair: those half a head
 * apart (rotate-half), or neighbours. [B, N, H · d] → the same, N the rows of the table.
 */
export function rotateHeads(
  g: GraphBuilder,
  x: Value,
  headSize: number,
  table: AxialRotaryTable,
  pairing: 'halves' | 'neighbours',
): Value {
  const shape = [axialTableRows(table), axialTablePairs(table)] as const;
  if (fixedDim(x, 1) !== shape[0] || headSize !== 2 * shape[1]) {
    throw new Error(
      `A table [${shape.join(', ')}] does not turn "${x.name}" [${x.shape.join(', ')}].`,
    );
  }
  const part = (of: 'axial-cosine' | 'axial-sine') =>
    g.weight({ kind: 'computed', shape, of: { table: of, ...table } });
  // One position for all means: count from there.
  const inputs = [x, g.list(0), part('axial-cosine'), part('axial-sine')];
  return g.op('RotaryEmbedding', inputs, x, {
    domain: 'com.microsoft',
    attributes: {
      num_heads: int(fixedDim(x, -1) / headSize),
      interleaved: int(pairing === 'neighbours' ? 1 : 0),
    },
  });
}
