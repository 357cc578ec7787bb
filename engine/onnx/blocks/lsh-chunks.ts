/** Chunks of sorted tokens, each with the one before, and which pairs in them may meet. */
import type { GraphBuilder } from '../graph-builder.ts';
import { add, cast, equal, sum } from '../operators.ts';
import { concatenate, reshape, slice, transpose, unsqueeze } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';

export interface Chunks {
  readonly rounds: number;
  readonly count: number;
  /** Tokens in each. */
  readonly size: number;
}

/** Behind each chunk the one before it, before the first the last. [B, H, R, C, c, d] → [B, H, R, C, 2c, d] */
export function chunksWithOneBefore(g: GraphBuilder, x: Value): Value {
  const count = fixedDim(x, 3);
  // The only one there is has none before it.
  if (count === 1) return x;
  const cut = (from: number, to: number): Value =>
    slice(g, x, 3, g.list(from), g.list(to), to - from);
  const shifted = concatenate(g, [cut(count - 1, count), cut(0, count - 1)], 3, count);
  return concatenate(g, [x, shifted], 4, 2 * fixedDim(x, 4));
}

interface SortedTokens {
  /** [B, H, R, C · c]: which token comes where, and its bucket. */
  readonly order: Value;
  readonly sortedBuckets: Value;
  /** [B, H, R, N]: the bucket of each token, and where it has gone. */
  readonly buckets: Value;
  readonly places: Value;
  readonly chunks: Chunks;
  /** [B, H, N, x] → [B, H, R, C, c, x] */
  readonly take: (x: Value) => Value;
}

/** Of each query [c] and key [2c]: are they in reach, are they one, and in how many rounds; null where there is one. */
export function pairsInReach(
  g: GraphBuilder,
  { order, sortedBuckets, buckets, places, chunks, take }: SortedTokens,
): { readonly seen: Value; readonly isSelf: Value; readonly rounds: Value | null } {
  const [batch, heads] = order.shape as [Dim, number];
  const split = (x: Value): Value =>
    reshape(g, x, [batch, heads, chunks.rounds, chunks.count, chunks.size, 1]);
  const alike = (x: Value): Value => pairsAlike(g, x, chunksWithOneBefore(g, x));
  const seen = squeezed(g, alike(split(sortedBuckets)));
  const isSelf = squeezed(g, alike(split(order)));
  if (chunks.rounds === 1) return { seen, isSelf, rounds: null };
  const size = g.scalar('int64', chunks.size);
  const chunkOf = g.op('Div', [places, size], places); // [B, H, R, N]
  const perToken = (x: Value): Value => take(transpose(g, x, 0, 1, 3, 2)); // [B, H, R, C, c, R]
  const own = perToken(chunkOf);
  const allKeys = chunksWithOneBefore(g, own);
  const sameChunk = pairsAlike(g, own, allKeys);
  const inReach =
    chunks.count === 1
      ? sameChunk
      : either(g, sameChunk, pairsAlike(g, before(g, own, chunks.count), allKeys));
  const together = and(g, alike(perToken(buckets)), inReach); // [.., c, 2c, R]
  const times = sum(g, cast(g, together, 'float32'), -1, false);
  // What is out of reach is in no round, and hidden anyway.
  const one = g.scalar('float32', 1);
  return { seen, isSelf, rounds: g.op('Max', [times, one], times) };
}

/** The chunk before, of whole numbers from 0 up to `count`. */
function before(g: GraphBuilder, chunk: Value, count: number): Value {
  const last = add(g, chunk, g.scalar('int64', count - 1));
  return g.op('Mod', [last, g.scalar('int64', count)], last);
}

/** [.., c, x], [.., k, x] → [.., c, k, x] bool */
const pairsAlike = (g: GraphBuilder, queries: Value, keys: Value): Value =>
  equal(g, unsqueeze(g, queries, 5), unsqueeze(g, keys, 4));

const squeezed = (g: GraphBuilder, x: Value): Value => reshape(g, x, x.shape.slice(0, -1));

const and = (g: GraphBuilder, a: Value, b: Value): Value => g.op('And', [a, b], a);
const either = (g: GraphBuilder, a: Value, b: Value): Value => g.op('Or', [a, b], a);
