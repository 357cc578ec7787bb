/** Causal self-attention with grouped key/value heads, rotary positions and cached keys and values. */
import { float, int, type GraphBuilder } from '../graph-builder.ts';
import { add, matmul, multiply, softCapped, softmax } from '../operators.ts';
import {
  concatenate,
  lengthOf,
  padEnd,
  repeatAs,
  reshape,
  slice,
  transpose,
  unsqueeze,
} from '../shape-operators.ts';
import { multiplyDims, type Dim, type Value } from '../value.ts';
import { attend } from './attention.ts';
import { projectAtOnce, type QueryKeyValue } from './attention-projections.ts';
import { joinHeads, padHeads, scores, splitHeads, unpadHeads } from './attention-heads.ts';
import { kept, type Kept } from './cache-format.ts';
import type { CachedTokens } from './cached-tokens.ts';
import { withPlaces, withSlopes } from './linear-biases.ts';
import { linear } from './linear.ts';
import type { NormKind } from './norm.ts';
import { normQueryKey, type QueryKeyNorm } from './query-key-norm.ts';
import { turnHeads, type Turning } from './rotary-positions.ts';

/**
 * What the tokens of a prompt see of it: those before them, or all of it (PaliGemma), or those before them and, of a
 * picture, each other (Gemma 3).
 */
export type PromptAttention = 'causal' | 'prefix' | 'pictures';

/** Heads of queries, and of the keys and values that they meet. */
export interface MeetingHeads {
  readonly headCount: number;
  readonly keyValueHeadCount: number;
  readonly headSize: number;
  /** What products of queries and keys are multiplied by. */
  readonly scale: number;
  /** Scores are bent to stay below it; 0: they are not. */
  readonly softCap: number;
  /** Do heads have one more channel, which tells how far a key is? */
  readonly linearBiases: boolean;
}

export interface CausalAttentionShape extends MeetingHeads {
  readonly promptAttention: PromptAttention;
  readonly hiddenSize: number;
  readonly queryKeyValueBias: boolean;
  readonly outputBias: boolean;
  /** The largest number among queries, keys and values; 0: no bound. */
  readonly queryKeyValueClip: number;
  readonly queryKeyNorm: QueryKeyNorm;
  readonly norm: NormKind;
  readonly normEpsilon: number;
  /** What positions turn them by; null where they turn nothing. */
  readonly turning: Turning | null;
}

/** Published names of the four projections of a layer, and of its norms. */
export interface AttentionNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
  readonly queryNorm: string;
  readonly keyNorm: string;
}

export interface AttentionResult {
  /** [1, T, D] */
  readonly output: Value;
  /**
   * What a cache keeps of the T tokens, [1, heads, T, size] each: rotated keys and values, or what these are made of,
   * in the tensors of its format.
   */
  readonly kept: readonly Value[];
  /** Queries and keys of the T tokens as they met, for what ranks tokens by them. */
  readonly met: () => Met;
}

export interface Met {
  /** [1, T, heads · headSize] */
  readonly query: Value;
  /** [1, kvHeads, T, headSize] */
  readonly key: Value;
  readonly shape: MeetingHeads;
}

/** Channels of a head of queries and keys. */
export const keySize = ({
  headSize,
  linearBiases,
}: Pick<MeetingHeads, 'headSize' | 'linearBiases'>): number => headSize + (linearBiases ? 1 : 0);

/** GroupQueryAttention takes head sizes that are multiples of this. */
const fusedHeadStep = 8;

/**
 * x [1, T, D] → [1, T, D]; only linear biases look at the `positions` [1, T] int64 themselves.
 *
 * Many new tokens (prefill) attend by one fused operator. Few of them (decode) do by plain matrix products:
 * the fused operator copies the whole cache at every step, since no output of a session can be written
 * where an input lies without ONNX Runtime's JavaScript binding copying it out once more.
 */
export function causalAttention(
  g: GraphBuilder,
  x: Value,
  names: AttentionNames,
  shape: CausalAttentionShape,
  cached: CachedTokens,
  positions: Value,
): AttentionResult {
  const { headCount, keyValueHeadCount, headSize } = shape;
  const [plainQuery, plainKey, value] = projectAtOnce(g, x, names, shape);
  const turned = (plain: Value, name: string, heads: number): Value =>
    turnHeads(g, normQueryKey(g, plain, name, heads, shape), heads, headSize, shape.turning);
  let query = turned(plainQuery, names.queryNorm, headCount);
  let key = turned(plainKey, names.keyNorm, keyValueHeadCount);
  if (shape.linearBiases) {
    query = withSlopes(g, query, headCount, shape.scale);
    key = withPlaces(g, key, positions, keyValueHeadCount);
  }
  const newKey = kept(g, splitHeads(g, key, keyValueHeadCount), cached.format);
  const newValue = kept(g, splitHeads(g, value, keyValueHeadCount), cached.format);
  /** [1, kvHeads, T, d] → [1, T, kvHeads · d], which is there where nothing was rounded. */
  const joined = ({ isRounded, seen }: Kept, plain: Value): Value =>
    isRounded ? joinHeads(g, seen) : plain;

  g.work(2 * headCount * headSize, attentionPairs(shape, cached, x.shape[1] as Dim));
  const attended = g.choose(
    cached.fused,
    () => {
      const projected = { query, key: joined(newKey, key), value: joined(newValue, value) };
      return attendAtOnce(g, projected, cached, shape);
    },
    () => attendCached(g, query, newKey.seen, newValue.seen, cached, shape),
  );
  const output = linear(g, attended, names.output, {
    inputs: headCount * headSize,
    outputs: shape.hiddenSize,
    bias: shape.outputBias,
  });
  return {
    output,
    kept: [...newKey.parts, ...newValue.parts],
    met: () => ({ query, key: newKey.seen, shape }),
  };
}

/** The query-key pairs that T tokens look at, for the estimate. */
export function attentionPairs(
  { promptAttention }: Pick<CausalAttentionShape, 'promptAttention'>,
  cached: CachedTokens,
  sequence: Dim,
): readonly Dim[] {
  return promptAttention === 'prefix' ? [sequence, cached.attended] : [cached.pairs];
}

/** Many tokens attend by a fused operator. q, k, v [1, T, heads · d] → [1, T, H · d] */
export function attendAtOnce(
  g: GraphBuilder,
  projected: QueryKeyValue<Value>,
  cached: CachedTokens,
  shape: MeetingHeads & Pick<CausalAttentionShape, 'promptAttention'>,
): Value {
  return shape.promptAttention === 'prefix'
    ? attendPrefix(g, projected, cached, shape)
    : attendFused(g, projected, cached, shape);
}

/** T tokens see all cached ones, those before them and themselves. */
function attendFused(
  g: GraphBuilder,
  { query, key, value }: QueryKeyValue<Value>,
  cached: CachedTokens,
  shape: MeetingHeads,
): Value {
  const { headCount, keyValueHeadCount, headSize, scale, softCap } = shape;
  const ownSize = keySize(shape);
  const size = Math.ceil(ownSize / fusedHeadStep) * fusedHeadStep;
  const sequence = query.shape[1] as Dim;
  const none = {
    type: 'float32',
    shape: [1, keyValueHeadCount, cached.attended, size],
  } as const;
  const bias = cached.keyBias ? [null, null, null, eachRow(g, cached.keyBias, query)] : [];
  const [attended] = g.ops(
    'GroupQueryAttention',
    [
      padHeads(g, query, headCount, ownSize, size),
      padHeads(g, key, keyValueHeadCount, ownSize, size),
      padHeads(g, value, keyValueHeadCount, headSize, size),
      padEnd(g, cached.key, 3, size),
      padEnd(g, cached.value, 3, size),
      cached.lastIndex,
      cached.total,
      ...bias,
    ],
    [{ type: 'float32', shape: [1, sequence, headCount * size] }, none, none],
    {
      domain: 'com.microsoft',
      attributes: {
        num_heads: int(headCount),
        kv_num_heads: int(keyValueHeadCount),
        scale: float(scale),
        softcap: float(softCap),
        // -1: all of them.
        local_window_size: int(cached.window ?? -1),
      },
    },
  ) as [Value];
  return unpadHeads(g, attended, headCount, headSize, size);
}

/** [attended], the same for each row of x [1, T, ..] → [1, 1, T, attended] */
function eachRow(g: GraphBuilder, bias: Value, x: Value): Value {
  const row = reshape(g, bias, [1, 1, 1, bias.shape[0] as Dim]);
  return repeatAs(g, row, 2, x, 1);
}

/** T tokens of a prompt, before which nothing is cached, all see each other. */
function attendPrefix(
  g: GraphBuilder,
  { query, key, value }: QueryKeyValue<Value>,
  { keyBias }: CachedTokens,
  { headCount, keyValueHeadCount, headSize, scale }: MeetingHeads,
): Value {
  const [batch, sequence] = query.shape as [Dim, Dim];
  const group = headCount / keyValueHeadCount;
  // The fused operator takes as many keys and values as queries.
  const spread = (x: Value): Value => {
    if (group === 1) return x;
    const heads = reshape(g, x, [batch, sequence, keyValueHeadCount, 1, headSize]);
    const all = concatenate(g, Array<Value>(group).fill(heads), 3, group);
    return reshape(g, all, query.shape);
  };
  const bias = keyBias ? reshape(g, keyBias, [1, 1, sequence]) : null;
  const projected = { query, key: spread(key), value: spread(value) };
  return attend(g, projected, { headCount }, { scale, bias });
}

/**
 * T new tokens see all cached ones, and those of their own that come before. query [1, T, H · d], keys and values
 * [1, kvHeads, T, d] → [1, T, H · d]
 */
export function attendCached(
  g: GraphBuilder,
  query: Value,
  newKey: Value,
  newValue: Value,
  cached: CachedTokens,
  shape: MeetingHeads,
): Value {
  const { headCount, keyValueHeadCount, headSize } = shape;
  const sequence = query.shape[1] as Dim;
  const capacity = cached.key.shape[2] as Dim;
  const group = headCount / keyValueHeadCount;
  // Queries that share a key/value head become rows of one product: [1, kvHeads, group · T, d].
  const size = keySize(shape);
  // Not in the products: those of a single row read keys where they lie only if nothing else is asked of them.
  const scaled = multiply(g, query, g.scalar('float32', shape.scale));
  const heads = reshape(g, scaled, [sequence, keyValueHeadCount, group, size]);
  const rows = reshape(g, transpose(g, heads, 1, 2, 0, 3), [
    1,
    keyValueHeadCount,
    multiplyDims(group, sequence),
    size,
  ]);
  const scored = (keys: Value): Value => softCapped(g, scores(g, rows, keys, 1), shape.softCap);
  const before = add(g, scored(cached.key), cached.mask); // [1, kvHeads, group · T, capacity]
  const among = maskFuture(g, scored(newKey), cached, group);
  const weights = softmax(g, concatenate(g, [before, among], 3, cached.attended), -1);
  const border = unsqueeze(g, lengthOf(g, cached.key, 2), 0);
  const end = g.list(Number.MAX_SAFE_INTEGER);
  const fromCache = matmul(g, slice(g, weights, 3, g.list(0), border, capacity), cached.value);
  const fromNew = matmul(g, slice(g, weights, 3, border, end, sequence), newValue);
  const mixed = reshape(g, add(g, fromCache, fromNew), [
    keyValueHeadCount,
    group,
    sequence,
    headSize,
  ]);
  return reshape(g, transpose(g, mixed, 2, 0, 1, 3), [1, sequence, headCount * headSize]);
}

/** Among new tokens, none sees a later one. Rows are ordered by group, then token. */
function maskFuture(g: GraphBuilder, among: Value, { future }: CachedTokens, group: number): Value {
  const keyValueHeadCount = among.shape[1] as Dim;
  const [, , rows, sequence] = among.shape as readonly [Dim, Dim, Dim, Dim];
  const byToken = reshape(g, among, [keyValueHeadCount, group, sequence, sequence]);
  return reshape(g, add(g, byToken, future), [1, keyValueHeadCount, rows, sequence]);
}
