/** Multi-head attention of encoders and projectors: every query sees all keys. */
import { float, int, type GraphBuilder } from '../graph-builder.ts';
import { add, cast, multiply, softmax, subtract } from '../operators.ts';
import { repeatAs, reshape, transpose, unsqueeze } from '../shape-operators.ts';
import { scores, splitHeads } from './attention-heads.ts';
import { projectAll, type AttentionShape, type QueryKeyValue } from './attention-projections.ts';
import { linearWith, type LinearWeights } from './linear.ts';
import { fixedDim, multiplyDims, type Dim, type Value } from '../value.ts';

export interface AttentionOptions {
  /** Added to the scores; [heads, Nq, Nk] or [B, heads, Nq, Nk], where any size but Nk may be 1. */
  readonly bias?: Value | null;
  /** [B, Nk] bool: which keys there are. Each query must see one at least. */
  readonly keys?: Value | null;
  /** Scores are multiplied by this; 1 / √headSize where left out. */
  readonly scale?: number;
}

/**
 * softmax(q kᵀ · scale + bias) v. query [B, Nq, H · d], key and value [B, Nk, kvHeads · d] → [B, Nq, H · d].
 * As many key/value heads as heads are one fused operator; fewer are plain products over groups of heads.
 */
export function attend(
  g: GraphBuilder,
  { query, key, value }: QueryKeyValue<Value>,
  { headCount, keyValueHeadCount = headCount }: Omit<AttentionShape, 'hiddenSize'>,
  { bias = null, keys = null, scale }: AttentionOptions = {},
): Value {
  const headSize = fixedDim(query, -1) / headCount;
  const heads: Heads = {
    headCount,
    keyValueHeadCount,
    headSize,
    valueSize: fixedDim(value, -1) / keyValueHeadCount,
    scale: scale ?? headSize ** -0.5,
  };
  const [batch, queries] = query.shape as [Dim, Dim];
  const biases = bias && bias.shape.length === 3 ? unsqueeze(g, bias, 0) : bias;
  g.work(headCount * (headSize + heads.valueSize), [batch, queries, key.shape[1] as Dim]);
  return keyValueHeadCount === headCount
    ? attendFused(g, { query, key, value }, biases, keys, heads)
    : attendInGroups(g, { query, key, value }, biases, keys, heads);
}

interface Heads {
  readonly headCount: number;
  readonly keyValueHeadCount: number;
  readonly headSize: number;
  /** Channels of one head of values. */
  readonly valueSize: number;
  readonly scale: number;
}

function attendFused(
  g: GraphBuilder,
  { query, key, value }: QueryKeyValue<Value>,
  bias: Value | null,
  keys: Value | null,
  { headCount, valueSize, scale }: Heads,
): Value {
  const inputs = [query, key, value, null, keys && cast(g, keys, 'int32')];
  const all = bias ? [...inputs, spreadOverQueries(g, bias, query)] : inputs;
  const given = all.findLastIndex((input) => input !== null) + 1;
  const shape = [query.shape[0] as Dim, query.shape[1] as Dim, headCount * valueSize];
  return g.op(
    'MultiHeadAttention',
    all.slice(0, given),
    { type: 'float32', shape },
    {
      domain: 'com.microsoft',
      attributes: {
        num_heads: int(headCount),
        scale: float(scale),
        mask_filter_value: float(hidden),
      },
    },
  );
}

/** Far below every score, and finite, so that a row of nothing else stays a number. */
const hidden = -1e30;

/** The fused operator repeats a bias over pictures and heads, but not over queries. */
function spreadOverQueries(g: GraphBuilder, bias: Value, query: Value): Value {
  return bias.shape[2] === 1 ? repeatAs(g, bias, 2, query, 1) : bias;
}

/** Heads that share a key/value head become rows of one product. */
function attendInGroups(
  g: GraphBuilder,
  { query, key, value }: QueryKeyValue<Value>,
  bias: Value | null,
  keys: Value | null,
  { headCount, keyValueHeadCount, headSize, valueSize, scale }: Heads,
): Value {
  const [batch, queries] = query.shape as [Dim, Dim];
  const count = key.shape[1] as Dim;
  const group = headCount / keyValueHeadCount;
  const rows = multiplyDims(group, queries);
  const asked = reshape(g, splitHeads(g, query, headCount), [
    batch,
    keyValueHeadCount,
    rows,
    headSize,
  ]);
  const found = scores(g, asked, splitHeads(g, key, keyValueHeadCount), scale);
  const byHead = reshape(g, found, [batch, headCount, queries, count]);
  const biased = bias ? add(g, byHead, bias) : byHead;
  const weights = softmax(g, keys ? add(g, biased, hideKeys(g, keys)) : biased, -1);
  const flat = reshape(g, weights, [batch, keyValueHeadCount, rows, count]);
  // Counted with the scores, by the caller.
  const mixed = g.op('MatMul', [flat, splitHeads(g, value, keyValueHeadCount)], {
    type: 'float32',
    shape: [batch, keyValueHeadCount, rows, valueSize],
  });
  const apart = reshape(g, mixed, [batch, keyValueHeadCount, group, queries, valueSize]);
  const ordered = transpose(g, apart, 0, 3, 1, 2, 4); // [B, Nq, kvHeads, group, d]
  return reshape(g, ordered, [batch, queries, headCount * valueSize]);
}

/** [B, Nk] bool → [B, 1, 1, Nk] float32: 0 where there is a key, very negative where there is none. */
function hideKeys(g: GraphBuilder, keys: Value): Value {
  const there = cast(g, keys, 'float32');
  const missing = subtract(g, g.scalar('float32', 1), there);
  return unsqueeze(g, unsqueeze(g, multiply(g, missing, g.scalar('float32', hidden)), 1), 1);
}

export interface SelfAttention extends AttentionShape {
  readonly projections: QueryKeyValue<LinearWeights>;
  readonly output: LinearWeights;
  /** What is added to the projections of tokens [B, N, D] and to the output of [B, N, H · d], such as adapters give. */
  readonly beside?: {
    readonly project: (x: Value) => QueryKeyValue<Value>;
    readonly output: (attended: Value) => Value;
  };
  /** What happens to queries, keys and values before they meet: norms, rotation. */
  readonly prepare?: (projected: QueryKeyValue<Value>) => QueryKeyValue<Value>;
  /** How they meet, where that is not softmax(q kᵀ) v over all of them, such as in windows. */
  readonly meeting?: Meeting;
  /** What happens to what they give before the output: a norm. [B, N, H · d] → the same */
  readonly finish?: (attended: Value) => Value;
}

/** How queries, keys and values meet: [B, Nq, H · d] and twice [B, Nk, H · d] → [B, Nq, H · d]. */
export type Meeting = (projected: QueryKeyValue<Value>) => Value;

export interface SelfAttentionOptions extends AttentionOptions {
  /** Takes the place of how the layer's own meet. */
  readonly meeting?: Meeting | null;
}

export interface SelfAttended {
  /** [B, N, D] */
  readonly output: Value;
  /** As projected, [B, N, H · d]. */
  readonly key: Value;
  /** As they met, [B, N, H · d] each. */
  readonly met: QueryKeyValue<Value>;
  /** What came of it, head beside head, before the projection to the output. [B, N, H · d] */
  readonly attended: Value;
}

const withBeside = (
  g: GraphBuilder,
  { query, key, value }: QueryKeyValue<Value>,
  beside: QueryKeyValue<Value> | undefined,
): QueryKeyValue<Value> =>
  beside
    ? {
        query: add(g, query, beside.query),
        key: add(g, key, beside.key),
        value: add(g, value, beside.value),
      }
    : { query, key, value };

/** Tokens [B, N, D] look at one another; taps `query` and `key` [B, N, H · d] as projected. */
export function selfAttention(
  g: GraphBuilder,
  x: Value,
  layer: SelfAttention,
  { meeting = null, ...options }: SelfAttentionOptions = {},
): SelfAttended {
  return g.scope('attention', () => {
    const projected = withBeside(
      g,
      projectAll(g, x, x, layer.projections),
      layer.beside?.project(x),
    );
    g.tap('query', projected.query);
    g.tap('key', projected.key);
    const prepared = layer.prepare?.(projected) ?? projected;
    const own = meeting ?? layer.meeting;
    const attended = own ? own(prepared) : attend(g, prepared, layer, options);
    const finished = layer.finish?.(attended) ?? attended;
    const alone = linearWith(g, finished, layer.output, 'output');
    const output = layer.beside ? add(g, alone, layer.beside.output(finished)) : alone;
    return { output, key: projected.key, met: prepared, attended };
  });
}
