/** Causal self-attention with grouped key/value heads, rotary positions and a key/value cache. */
import { float, int, type GraphBuilder } from '../graph-builder.ts';
import { multiply, padEnd, reshape, slice, split } from '../operators.ts';
import type { Dim, Value } from '../value.ts';
import type { RotaryTable, WeightExpression } from '../weight.ts';
import { joinedLinear, linear } from './linear.ts';
import { norm, normWith } from './norm.ts';

/**
 * Norm of queries and keys before rotation. `shared-layer`: one LayerNorm for all heads (Phi);
 * `head-layer`: a LayerNorm weight for every head, no bias (StableLM-2 12B).
 */
export type QueryKeyNorm = 'none' | 'shared-layer' | 'head-layer';

export interface CausalAttentionShape {
  readonly hiddenSize: number;
  readonly headCount: number;
  readonly keyValueHeadCount: number;
  readonly headSize: number;
  readonly queryKeyValueBias: boolean;
  readonly outputBias: boolean;
  readonly queryKeyNorm: QueryKeyNorm;
  readonly normEpsilon: number;
  readonly rotary: { readonly size: number; readonly table: RotaryTable };
}

/** Published names of the four projections of a layer. */
export interface AttentionNames {
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly output: string;
  readonly queryNorm: string;
  readonly keyNorm: string;
}

/** The lengths that layers with caches of one length share. */
export interface CacheLengths {
  /** Cached and new tokens together, less one, [1] int32. */
  readonly lastIndex: Value;
  /** Cached and new tokens together, [] int32. */
  readonly total: Value;
  /** Query-key pairs that causal attention looks at, for the estimate. */
  readonly pairs: Dim;
}

export interface AttentionResult {
  /** [1, T, D] */
  readonly output: Value;
  /** [1, kvHeads, capacity, size] */
  readonly presentKey: Value;
  readonly presentValue: Value;
  /** Rotated queries [1, T, heads · size]; null where rotation happens inside the fused operator. */
  readonly rotatedQuery: Value | null;
}

/** GroupQueryAttention takes head sizes that are multiples of this; smaller heads are padded with zeros. */
const headSizeStep = 8;
/** It rotates inside only where head and rotated part are multiples of this. */
const rotaryStep = 16;

/** Channels a head takes in the cache. */
export function cachedHeadSize(headSize: number): number {
  return Math.ceil(headSize / headSizeStep) * headSizeStep;
}

/**
 * x [1, T, D] → [1, T, D].
 * `positions` [1, T] int64 rotates by these positions; null rotates by the place in the cache,
 * inside the fused operator where it can.
 */
export function causalAttention(
  g: GraphBuilder,
  x: Value,
  names: AttentionNames,
  shape: CausalAttentionShape,
  cache: { readonly key: Value; readonly value: Value; readonly lengths: CacheLengths },
  positions: Value | null,
): AttentionResult {
  const table = shape.rotary.table;
  const cosine = rotaryWeight(g, table, 'rotary-cosine');
  const sine = rotaryWeight(g, table, 'rotary-sine');
  const fused = positions === null;
  const packed = fused && shape.queryKeyNorm === 'none';
  const projected = packed
    ? [packedProjection(g, x, names, shape)]
    : separateProjections(g, x, names, shape);

  const rotate = (heads: Value, headCount: number): Value =>
    fused ? heads : rotaryEmbedding(g, heads, positions, cosine, sine, headCount, shape);
  const [query, key, value] = packed
    ? [projected[0] as Value, null, null]
    : [
        padHeads(
          g,
          rotate(projected[0] as Value, shape.headCount),
          shape.headCount,
          shape.headSize,
        ),
        padHeads(
          g,
          rotate(projected[1] as Value, shape.keyValueHeadCount),
          shape.keyValueHeadCount,
          shape.headSize,
        ),
        padHeads(g, projected[2] as Value, shape.keyValueHeadCount, shape.headSize),
      ];
  const size = cachedHeadSize(shape.headSize);
  const sequence = x.shape[1] as Dim;
  g.work(2 * shape.headCount * shape.headSize, [cache.lengths.pairs]);
  const [attended, presentKey, presentValue] = g.ops(
    'GroupQueryAttention',
    [
      query,
      key,
      value,
      cache.key,
      cache.value,
      cache.lengths.lastIndex,
      cache.lengths.total,
      ...(fused ? [cosine, sine] : []),
    ],
    [{ type: 'float32', shape: [1, sequence, shape.headCount * size] }, cache.key, cache.value],
    {
      domain: 'com.microsoft',
      attributes: {
        num_heads: int(shape.headCount),
        kv_num_heads: int(shape.keyValueHeadCount),
        do_rotary: int(fused ? 1 : 0),
        scale: float(shape.headSize ** -0.5),
      },
    },
  ) as [Value, Value, Value];
  const unpadded = unpadHeads(g, attended, shape.headCount, shape.headSize);
  const output = linear(g, unpadded, names.output, {
    inputs: shape.headCount * shape.headSize,
    outputs: shape.hiddenSize,
    bias: shape.outputBias,
  });
  return { output, presentKey, presentValue, rotatedQuery: fused ? null : query };
}

/** Can the fused operator rotate heads of this shape itself? */
export function rotatesInside({
  headSize,
  rotary,
}: Pick<CausalAttentionShape, 'headSize' | 'rotary'>): boolean {
  return headSize % rotaryStep === 0 && rotary.size % rotaryStep === 0;
}

function projections(
  { hiddenSize, headCount, keyValueHeadCount, headSize, queryKeyValueBias }: CausalAttentionShape,
  names: AttentionNames,
) {
  const part = (name: string, heads: number) => ({
    name,
    inputs: hiddenSize,
    outputs: heads * headSize,
    bias: queryKeyValueBias,
  });
  return [
    part(names.query, headCount),
    part(names.key, keyValueHeadCount),
    part(names.value, keyValueHeadCount),
  ] as const;
}

/** Queries, keys and values side by side, [1, T, (H + 2 · KV) · d], from one product. */
function packedProjection(
  g: GraphBuilder,
  x: Value,
  names: AttentionNames,
  shape: CausalAttentionShape,
): Value {
  return joinedLinear(g, x, projections(shape, names));
}

function separateProjections(
  g: GraphBuilder,
  x: Value,
  names: AttentionNames,
  shape: CausalAttentionShape,
): readonly Value[] {
  const parts = projections(shape, names);
  const [query, key, value] = split(
    g,
    joinedLinear(g, x, parts),
    -1,
    parts.map(({ outputs }) => outputs),
  ) as [Value, Value, Value];
  return [
    normHeads(g, query, names.queryNorm, shape.headCount, shape),
    normHeads(g, key, names.keyNorm, shape.keyValueHeadCount, shape),
    value,
  ];
}

/** LayerNorm over the channels of each head. [1, T, H · d] → [1, T, H · d] */
function normHeads(
  g: GraphBuilder,
  x: Value,
  name: string,
  headCount: number,
  { queryKeyNorm, headSize, normEpsilon }: CausalAttentionShape,
): Value {
  if (queryKeyNorm === 'none') return x;
  const sequence = x.shape[1] as Dim;
  const heads = reshape(g, x, [1, sequence, headCount, headSize]);
  const flatten = (value: Value) => reshape(g, value, [1, sequence, headCount * headSize]);
  if (queryKeyNorm === 'shared-layer') {
    return flatten(norm(g, heads, name, { kind: 'layer', epsilon: normEpsilon }));
  }
  const ones = g.constant(
    'float32',
    [headSize],
    Array.from({ length: headSize }, () => 1),
  );
  const plain = normWith(g, heads, ones, null, { kind: 'layer-no-bias', epsilon: normEpsilon });
  const weights: WeightExpression = {
    kind: 'reshape',
    of: {
      kind: 'concatenate',
      parts: Array.from({ length: headCount }, (_, head) =>
        g.tensor(`${name}.norms.${head}.weight`, [headSize], 'norm'),
      ),
    },
    shape: [headCount, headSize],
  };
  return flatten(multiply(g, plain, g.weight(weights)));
}

function rotaryWeight(
  g: GraphBuilder,
  table: RotaryTable,
  part: 'rotary-cosine' | 'rotary-sine',
): Value {
  return g.weight({
    kind: 'computed',
    shape: [table.rows, table.frequencies.length],
    of: { table: part, ...table },
  });
}

function rotaryEmbedding(
  g: GraphBuilder,
  x: Value,
  positions: Value,
  cosine: Value,
  sine: Value,
  headCount: number,
  { headSize, rotary }: CausalAttentionShape,
): Value {
  return g.op('RotaryEmbedding', [x, positions, cosine, sine], x, {
    domain: 'com.microsoft',
    attributes: {
      num_heads: int(headCount),
      // 0 stands for the whole head.
      rotary_embedding_dim: int(rotary.size === headSize ? 0 : rotary.size),
    },
  });
}

/** Zeros behind each head up to the cached size. [1, T, H · d] → [1, T, H · size] */
function padHeads(g: GraphBuilder, x: Value, headCount: number, headSize: number): Value {
  const size = cachedHeadSize(headSize);
  if (size === headSize) return x;
  const sequence = x.shape[1] as Dim;
  const heads = reshape(g, x, [1, sequence, headCount, headSize]);
  return reshape(g, padEnd(g, heads, 3, size), [1, sequence, headCount * size]);
}

function unpadHeads(g: GraphBuilder, x: Value, headCount: number, headSize: number): Value {
  const size = cachedHeadSize(headSize);
  if (size === headSize) return x;
  const sequence = x.shape[1] as Dim;
  const heads = reshape(g, x, [1, sequence, headCount, size]);
  const cut = slice(g, heads, 3, g.list(0), g.list(headSize), headSize);
  return reshape(g, cut, [1, sequence, headCount * headSize]);
}
