/**
 * Multi-head latent attention: what a token leaves to later ones is one short vector, from which each head makes its
 * own key and value, and one rotated part of a key for all heads. DeepSeek-V2 (2405.04434).
 */
import { int, type GraphBuilder } from '../graph-builder.ts';
import { matmul } from '../operators.ts';
import {
  concatenate,
  padEnd,
  repeatAs,
  reshape,
  slice,
  split,
  transpose,
  unsqueeze,
} from '../shape-operators.ts';
import type { Dim, Value } from '../value.ts';
import type { WeightExpression } from '../weight.ts';
import { unpadHeads } from './attention-heads.ts';
import { kept } from './cache-format.ts';
import type { CachedTokens } from './cached-tokens.ts';
import {
  attendAtOnce,
  attendCached,
  attentionPairs,
  type AttentionResult,
  type PromptAttention,
} from './causal-attention.ts';
import { linear } from './linear.ts';
import { norm } from './norm.ts';
import { turnHeads, type Turning } from './rotary-positions.ts';

export interface LatentAttentionShape {
  readonly promptAttention: PromptAttention;
  readonly hiddenSize: number;
  readonly headCount: number;
  /** Channels of a query and of a key: the plain ones, then those that positions turn. */
  readonly headSize: number;
  readonly rotaryHeadSize: number;
  readonly valueHeadSize: number;
  /** Channels of the latent, without the rotated part that is kept beside it. */
  readonly keyValueRank: number;
  /** Channels that queries come out of; null where they come out of the tokens. */
  readonly queryRank: number | null;
  /** Of the projections down to the latents. */
  readonly queryKeyValueBias: boolean;
  readonly outputBias: boolean;
  readonly scale: number;
  readonly softCap: number;
  /** What positions turn the rotated part by; null where they turn nothing. */
  readonly turning: Turning | null;
}

export interface LatentAttentionNames {
  /** Where queries come out of the tokens. */
  readonly query: string;
  /** Where they come out of a latent of their own. */
  readonly queryDown: string;
  readonly queryDownNorm: string;
  readonly queryUp: string;
  readonly latent: string;
  readonly latentNorm: string;
  readonly keyValueUp: string;
  readonly output: string;
}

/** Whatever the norms of tokens add: the published code leaves it at the default of its class. */
const latentNorm = { kind: 'rms', epsilon: 1e-6 } as const;

/**
 * x [1, T, D] → [1, T, D], a cache keeps [1, 1, T, rank + rotated] of the tokens.
 *
 * Many new tokens attend by keys and values of each head, which are made for all tokens seen so far. Few of them take
 * the matrices that would make these to the other side of the products, to queries and to what comes of the values:
 * then the latents are the keys and values of one head that all share, and are read where they lie.
 */
export function latentAttention(
  g: GraphBuilder,
  x: Value,
  names: LatentAttentionNames,
  shape: LatentAttentionShape,
  cached: CachedTokens,
): AttentionResult {
  const { headCount, headSize, valueHeadSize, keyValueRank, rotaryHeadSize } = shape;
  const sequence = x.shape[1] as Dim;
  const query = queries(g, x, names, shape);
  const { seen: latent, parts } = kept(g, latents(g, x, names, shape), cached.format);
  const ups = upProjections(g, names, shape);
  // As the many do it. The few look at longer vectors, but make no keys and values.
  g.work(headCount * (headSize + valueHeadSize), attentionPairs(shape, cached, sequence));
  g.work(headCount * (headSize - rotaryHeadSize + valueHeadSize) * keyValueRank, [sequence]);
  const shared = {
    headCount,
    keyValueHeadCount: 1,
    headSize: keyValueRank + rotaryHeadSize,
    scale: shape.scale,
    softCap: shape.softCap,
    linearBiases: false,
  };
  const attended = g.choose(
    cached.fused,
    () => attendExpanded(g, query, latent, ups, cached, shape),
    () => {
      const absorbed = absorb(g, query, ups.key, shape);
      const mixed = attendCached(g, absorbed, latent, latent, cached, shared);
      return valuesOf(g, mixed, ups.value, shape);
    },
  );
  const output = linear(g, attended, names.output, {
    inputs: headCount * valueHeadSize,
    outputs: shape.hiddenSize,
    bias: shape.outputBias,
  });
  const met = () => ({ query: absorb(g, query, ups.key, shape), key: latent, shape: shared });
  return { output, kept: parts, met };
}

/** Of each head: [1, T, H, plain] and, rotated, [1, T, H, rotated]. */
interface LatentQuery {
  readonly plain: Value;
  readonly turned: Value;
}

function queries(
  g: GraphBuilder,
  x: Value,
  names: LatentAttentionNames,
  shape: LatentAttentionShape,
): LatentQuery {
  const { hiddenSize, headCount, headSize, rotaryHeadSize, queryRank, turning } = shape;
  const sequence = x.shape[1] as Dim;
  const outputs = headCount * headSize;
  let all: Value;
  if (queryRank === null) {
    all = linear(g, x, names.query, { inputs: hiddenSize, outputs, bias: false });
  } else {
    const bias = shape.queryKeyValueBias;
    const down = linear(g, x, names.queryDown, { inputs: hiddenSize, outputs: queryRank, bias });
    const normed = norm(g, down, names.queryDownNorm, latentNorm);
    all = linear(g, normed, names.queryUp, { inputs: queryRank, outputs, bias: false });
  }
  const heads = reshape(g, all, [1, sequence, headCount, headSize]);
  const [plain, straight] = split(g, heads, 3, [headSize - rotaryHeadSize, rotaryHeadSize]) as [
    Value,
    Value,
  ];
  const flat = reshape(g, straight, [1, sequence, headCount * rotaryHeadSize]);
  const turned = turnHeads(g, flat, headCount, rotaryHeadSize, turning);
  return { plain, turned: reshape(g, turned, straight.shape) };
}

/** What is kept of each token: its latent, then the rotated part of its keys. [1, 1, T, rank + rotated] */
function latents(
  g: GraphBuilder,
  x: Value,
  names: LatentAttentionNames,
  { hiddenSize, keyValueRank, rotaryHeadSize, queryKeyValueBias, turning }: LatentAttentionShape,
): Value {
  const outputs = keyValueRank + rotaryHeadSize;
  const both = linear(g, x, names.latent, { inputs: hiddenSize, outputs, bias: queryKeyValueBias });
  const [plain, straight] = split(g, both, 2, [keyValueRank, rotaryHeadSize]) as [Value, Value];
  const normed = norm(g, plain, names.latentNorm, latentNorm);
  const turned = turnHeads(g, straight, 1, rotaryHeadSize, turning);
  return unsqueeze(g, concatenate(g, [normed, turned], 2, outputs), 1);
}

interface UpProjections {
  /** [H, plain, rank] */
  readonly key: Value;
  /** [H, value size, rank] */
  readonly value: Value;
}

/** What makes keys and values of latents: stored head by head, the rows of a head's key before those of its value. */
function upProjections(
  g: GraphBuilder,
  names: LatentAttentionNames,
  { headCount, headSize, rotaryHeadSize, valueHeadSize, keyValueRank }: LatentAttentionShape,
): UpProjections {
  const plain = headSize - rotaryHeadSize;
  const stride = plain + valueHeadSize;
  const all = g.tensor(`${names.keyValueUp}.weight`, [headCount * stride, keyValueRank], 'matrix');
  // Float32 whatever the precision of the node: the two forms multiply by them from different sides.
  const rows = (offset: number, count: number): Value => {
    const parts = Array.from({ length: headCount }, (_, head): WeightExpression => ({
      kind: 'rows',
      of: all,
      start: head * stride + offset,
      count,
    }));
    const of: WeightExpression = { kind: 'concatenate', parts };
    return g.weight({ kind: 'reshape', of, shape: [headCount, count, keyValueRank] });
  };
  return { key: rows(0, plain), value: rows(plain, valueHeadSize) };
}

/** Queries that meet latents instead of keys. → [1, T, H · (rank + rotated)] */
function absorb(
  g: GraphBuilder,
  { plain, turned }: LatentQuery,
  key: Value,
  { headCount, keyValueRank, rotaryHeadSize }: LatentAttentionShape,
): Value {
  const sequence = plain.shape[1] as Dim;
  const size = keyValueRank + rotaryHeadSize;
  const byHead = matmul(g, transpose(g, plain, 0, 2, 1, 3), key); // [1, H, T, rank]
  const both = concatenate(g, [transpose(g, byHead, 0, 2, 1, 3), turned], 3, size);
  return reshape(g, both, [1, sequence, headCount * size]);
}

/** Mixed latents [1, T, H · (rank + rotated)] → mixed values [1, T, H · value size] */
function valuesOf(
  g: GraphBuilder,
  mixed: Value,
  value: Value,
  { headCount, keyValueRank, rotaryHeadSize, valueHeadSize }: LatentAttentionShape,
): Value {
  const sequence = mixed.shape[1] as Dim;
  const heads = reshape(g, mixed, [1, sequence, headCount, keyValueRank + rotaryHeadSize]);
  // The rotated part was mixed too: leaving it out there would have copied the cache.
  const alone = slice(g, heads, 3, g.list(0), g.list(keyValueRank), keyValueRank);
  const made = productWithRows(g, transpose(g, alone, 0, 2, 1, 3), value); // [1, H, T, value size]
  return reshape(g, transpose(g, made, 0, 2, 1, 3), [1, sequence, headCount * valueHeadSize]);
}

/** By keys and values of each head, of the cached tokens and of the new ones. → [1, T, H · value size] */
function attendExpanded(
  g: GraphBuilder,
  { plain, turned }: LatentQuery,
  latent: Value,
  ups: UpProjections,
  cached: CachedTokens,
  shape: LatentAttentionShape,
): Value {
  const { headCount, headSize, valueHeadSize } = shape;
  // The fused operator knows one size for all.
  const size = Math.max(headSize, valueHeadSize);
  const sequence = plain.shape[1] as Dim;
  const flat = (heads: Value): Value =>
    reshape(g, padEnd(g, heads, 3, size), [1, sequence, headCount * size]);
  const query = flat(concatenate(g, [plain, turned], 3, headSize));
  const fresh = expand(g, latent, ups, shape);
  const past = expand(g, cached.key, ups, shape);
  const attended = attendAtOnce(
    g,
    {
      query,
      key: flat(transpose(g, fresh.key, 0, 2, 1, 3)),
      value: flat(transpose(g, fresh.value, 0, 2, 1, 3)),
    },
    {
      ...cached,
      key: padEnd(g, past.key, 3, size),
      value: padEnd(g, past.value, 3, size),
    },
    { ...shape, headSize: size, keyValueHeadCount: headCount, linearBiases: false },
  );
  return unpadHeads(g, attended, headCount, valueHeadSize, size);
}

/** Latents [1, 1, N, rank + rotated] → keys [1, H, N, plain + rotated] and values [1, H, N, value size] */
function expand(
  g: GraphBuilder,
  latent: Value,
  ups: UpProjections,
  { keyValueRank, rotaryHeadSize, headSize }: LatentAttentionShape,
): { readonly key: Value; readonly value: Value } {
  const [plain, turned] = split(g, latent, 3, [keyValueRank, rotaryHeadSize]) as [Value, Value];
  const own = productWithRows(g, plain, ups.key); // [1, H, N, plain]
  const key = concatenate(g, [own, repeatAs(g, turned, 1, own, 1)], 3, headSize);
  return { key, value: productWithRows(g, plain, ups.value) };
}

/** a [1, 1 or H, N, K] times the transpose of b [H, M, K] → [1, H, N, M]. Counted by the caller. */
function productWithRows(g: GraphBuilder, a: Value, b: Value): Value {
  const shape = [1, b.shape[0] as Dim, a.shape[2] as Dim, b.shape[1] as Dim];
  return g.op(
    'FusedMatMul',
    [a, b],
    { type: 'float32', shape },
    { domain: 'com.microsoft', attributes: { transB: int(1) } },
  );
}
