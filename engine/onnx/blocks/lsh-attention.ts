/** Attention among tokens that locality-sensitive hashing finds alike, as in the Reformer. */
import { int, type GraphBuilder } from '../graph-builder.ts';
import {
  add,
  cast,
  divide,
  euclideanNorm,
  matmul,
  multiply,
  negate,
  softmax,
  subtract,
  sum,
  topK,
} from '../operators.ts';
import { concatenate, reshape, split, transpose } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import { joinHeads, splitHeads } from './attention-heads.ts';
import { chunksWithOneBefore, pairsInReach, type Chunks } from './lsh-chunks.ts';

export interface LshShape {
  readonly headCount: number;
  /** How often tokens are hashed, each time by other directions. */
  readonly hashes: number;
  /** Even, or 1, where all tokens are in one. */
  readonly buckets: number;
  /** Neighbours in the order of buckets that look at one another, and at as many before them. */
  readonly chunkSize: number;
  readonly seed: number;
  /** Different layers draw different directions. */
  readonly use: string;
}

/** The paper's length of a chunk: twice the mean bucket. */
export const usualChunkSize = (tokens: number, buckets: number): number =>
  Math.min(tokens, Math.ceil((2 * tokens) / buckets));

/** What a token takes off its score with itself: it sees itself only where it sees no other. */
const selfPenalty = 1e5;

/**
 * softmax(q kᵀ / √d) v over the keys that any of the hashes brings within reach, k being q of length 1. Tokens are sorted
 * by bucket, then by place, and cut into chunks; within reach is who has the same bucket in the same chunk, or in the one
 * before, the last being before the first. queries, which are keys too, and values [B, N, H · d], N a number → the same.
 * Source: Reformer (2001.04451), section 2 and appendix A.
 */
export function lshAttention(g: GraphBuilder, queries: Value, values: Value, of: LshShape): Value {
  const { headCount, hashes } = of;
  const asked = splitHeads(g, queries, headCount); // [B, H, N, d]
  const count = fixedDim(asked, 2);
  const buckets = bucketsOf(g, asked, of); // [B, H, R, N]
  const chunks = { rounds: hashes, size: of.chunkSize, count: Math.ceil(count / of.chunkSize) };
  const { order, sortedBuckets, places } = sortTokens(g, buckets, chunks);
  const take = (x: Value): Value => inChunks(g, takeTokens(g, x, order), chunks);
  const query = take(asked); // [B, H, R, C, c, d]
  const key = chunksWithOneBefore(g, lengthOne(g, query)); // [B, H, R, C, 2c, d]
  const value = chunksWithOneBefore(g, take(splitHeads(g, values, headCount)));
  const found = chunkScores(g, query, key);
  const reach = pairsInReach(g, { order, sortedBuckets, buckets, places, chunks, take });
  const weighed = add(g, found, biasOf(g, reach)); // [B, H, R, C, c, 2c]
  const mixed = matmul(g, softmax(g, weighed, -1), value); // [B, H, R, C, c, d]
  const total = g.op('ReduceLogSumExp', [weighed, g.list(-1)], {
    type: 'float32',
    shape: [...weighed.shape.slice(0, -1), 1],
  });
  return joinHeads(g, joinRounds(g, mixed, total, places, chunks));
}

/** The nearest of some directions and their opposites, in each round. [B, H, N, d] → [B, H, R, N] int64 */
function bucketsOf(g: GraphBuilder, asked: Value, { hashes, buckets, seed, use }: LshShape): Value {
  const [batch, heads, count, size] = asked.shape as [Dim, number, number, number];
  const half = Math.max(1, Math.floor(buckets / 2));
  const table = { rows: hashes * half, columns: size, seed, use };
  const rotations = g.weight({
    kind: 'computed',
    shape: [hashes * half, size],
    of: { table: 'random-directions', ...table },
  });
  const along = matmul(g, asked, transpose(g, rotations, 1, 0)); // [B, H, N, R · b/2]
  const turned = reshape(g, along, [batch, heads, count, hashes, half]);
  const byRound = transpose(g, turned, 0, 1, 3, 2, 4); // [B, H, R, N, b/2]
  const sides = concatenate(g, [byRound, negate(g, byRound)], 4, 2 * half);
  const nearest = g.op('ArgMax', [sides], argMaxOf(sides), {
    attributes: { axis: int(-1), keepdims: int(0) },
  });
  return buckets === 1 ? multiply(g, nearest, g.scalar('int64', 0)) : nearest;
}

const argMaxOf = (x: Value) => ({ type: 'int64', shape: x.shape.slice(0, -1) }) as const;

/**
 * Tokens by bucket, then by place: `order` [B, H, R, C · c] says which token comes where (any in the room behind the
 * last), `sortedBuckets` its bucket (−1 there), and `places` [B, H, R, N] where each token has gone.
 */
function sortTokens(g: GraphBuilder, buckets: Value, { size, count: chunkCount }: Chunks) {
  const count = fixedDim(buckets, 3);
  const tokens = g.scalar('int64', count);
  const line = g.op('Range', [g.scalar('int64', 0), tokens, g.scalar('int64', 1)], {
    type: 'int64',
    shape: [count],
  });
  const keys = add(g, multiply(g, buckets, tokens), line);
  const all = g.list(count);
  const sorted = topK(g, keys, all, count, 'smallest').values;
  const order = g.op('Mod', [sorted, tokens], sorted);
  const places = topK(g, order, all, count, 'smallest').indices;
  const room = size * chunkCount - count;
  const fill = (x: Value, by: number): Value =>
    room === 0
      ? x
      : g.op('Pad', [x, g.list(0, 0, 0, 0, 0, 0, 0, room), g.scalar('int64', by)], {
          type: 'int64',
          shape: [...x.shape.slice(0, -1), count + room],
        });
  return { order: fill(order, 0), sortedBuckets: fill(divide(g, sorted, tokens), -1), places };
}

/** Rows of each head by index. x [B, H, N, d], indices [B, H, R, M] → [B, H, R · M, d] */
export function takeTokens(g: GraphBuilder, x: Value, indices: Value): Value {
  const [batch, heads, rounds, count] = indices.shape as [Dim, number, number, number];
  const list = reshape(g, indices, [batch, heads, rounds * count, 1]);
  return g.op(
    'GatherND',
    [x, list],
    { type: x.type, shape: [batch, heads, rounds * count, fixedDim(x, -1)] },
    { attributes: { batch_dims: int(2) } },
  );
}

/** [B, H, R · C · c, d] → [B, H, R, C, c, d] */
function inChunks(g: GraphBuilder, x: Value, { rounds, count, size }: Chunks): Value {
  const [batch, heads] = x.shape as [Dim, number];
  return reshape(g, x, [batch, heads, rounds, count, size, fixedDim(x, -1)]);
}

function lengthOne(g: GraphBuilder, x: Value): Value {
  const least = g.scalar('float32', 1e-6);
  const length = euclideanNorm(g, x, -1, true);
  return divide(g, x, g.op('Max', [length, least], length));
}

/** q kᵀ / √d. [.., c, d], [.., 2c, d] → [.., c, 2c] */
function chunkScores(g: GraphBuilder, query: Value, key: Value): Value {
  const scaled = multiply(g, query, g.scalar('float32', fixedDim(query, -1) ** -0.5));
  return matmul(g, scaled, transpose(g, key, 0, 1, 2, 3, 5, 4));
}

/** What is added to scores: nothing passes out of reach, and what several rounds see counts once. */
function biasOf(g: GraphBuilder, { seen, isSelf, rounds }: ReturnType<typeof pairsInReach>): Value {
  const hidden = multiply(
    g,
    subtract(g, g.scalar('float32', 1), cast(g, seen, 'float32')),
    g.scalar('float32', -1e30),
  );
  const self = multiply(g, cast(g, isSelf, 'float32'), g.scalar('float32', -selfPenalty));
  const bias = add(g, hidden, self);
  return rounds ? subtract(g, bias, g.op('Log', [rounds], rounds)) : bias;
}

/**
 * What the rounds have found, back in the order of the tokens, each by its share of the whole.
 * [B, H, R, C, c, d], [B, H, R, C, c, 1], [B, H, R, N] → [B, H, N, d]
 */
function joinRounds(
  g: GraphBuilder,
  mixed: Value,
  total: Value,
  places: Value,
  { rounds, count: chunkCount, size }: Chunks,
): Value {
  const [batch, heads, , count] = places.shape as [Dim, number, number, number];
  const channels = fixedDim(mixed, -1);
  const both = concatenate(g, [mixed, total], 5, channels + 1);
  const length = chunkCount * size;
  const flat = reshape(g, both, [batch, heads, rounds * length, channels + 1]);
  const starts = Array.from({ length: rounds }, (_, round) => round * length);
  const at = add(g, places, g.constant('int64', [rounds, 1], starts));
  const back = reshape(g, takeTokens(g, flat, at), [batch, heads, rounds, count, channels + 1]);
  const [found, weight] = split(g, back, 4, [channels, 1]) as [Value, Value];
  return sum(g, multiply(g, found, softmax(g, weight, 2)), 2, false);
}
