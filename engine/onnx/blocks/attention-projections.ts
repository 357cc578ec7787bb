/** Where the projections of queries, keys and values lie in a checkpoint, and their products. */
import type { GraphBuilder } from '../graph-builder.ts';
import { clipped } from '../operators.ts';
import { split } from '../shape-operators.ts';
import type { Value } from '../value.ts';
import type { WeightExpression } from '../weight.ts';
import { joinedLinear, linearWeights, linearWith, rowsOf, type LinearWeights } from './linear.ts';

export interface QueryKeyValue<Of> {
  readonly query: Of;
  readonly key: Of;
  readonly value: Of;
}

/** Channels of what attends and of what is attended to, and how they are cut into heads. */
export interface AttentionShape {
  /** Channels of the tokens that ask. */
  readonly hiddenSize: number;
  readonly headCount: number;
  /** Channels of one head; hiddenSize / headCount where left out. */
  readonly headSize?: number;
  /** Fewer than the heads: several heads share a key and a value; as many where left out. */
  readonly keyValueHeadCount?: number;
  /** Channels of the tokens that are looked at; hiddenSize where left out. */
  readonly memorySize?: number;
}

interface Widths {
  readonly memorySize: number;
  readonly headSize: number;
  readonly queries: number;
  readonly keys: number;
}

function widths(shape: AttentionShape): Widths {
  const { hiddenSize, headCount, memorySize = hiddenSize } = shape;
  const headSize = shape.headSize ?? hiddenSize / headCount;
  const keys = (shape.keyValueHeadCount ?? headCount) * headSize;
  return { memorySize, headSize, queries: headCount * headSize, keys };
}

/** Which projections add a bias. */
export type ProjectionBiases = QueryKeyValue<boolean>;
export const allBiased: ProjectionBiases = { query: true, key: true, value: true };
export const noneBiased: ProjectionBiases = { query: false, key: false, value: false };

/** Three linears: each name with `.weight` and, where biased, `.bias`. */
export function separateProjections(
  g: GraphBuilder,
  names: QueryKeyValue<string>,
  shape: AttentionShape,
  biases: ProjectionBiases,
): QueryKeyValue<LinearWeights> {
  const { memorySize, queries, keys } = widths(shape);
  const projection = (part: keyof ProjectionBiases, outputs: number, inputs: number) =>
    linearWeights(g, names[part], { inputs, outputs, bias: biases[part] });
  return {
    query: projection('query', queries, shape.hiddenSize),
    key: projection('key', keys, memorySize),
    value: projection('value', keys, memorySize),
  };
}

/** One matrix (and bias) whose rows are those of queries, keys and values, such as `attn.qkv.weight` or `in_proj_weight`. */
export function joinedProjections(
  g: GraphBuilder,
  names: { readonly weight: string; readonly bias: string | null },
  shape: AttentionShape,
): QueryKeyValue<LinearWeights> {
  const { memorySize, queries, keys } = widths(shape);
  if (memorySize !== shape.hiddenSize) throw new Error('A joined projection has one input.');
  const rows = queries + 2 * keys;
  const all = {
    weight: g.tensor(names.weight, [rows, shape.hiddenSize], 'matrix'),
    bias: names.bias === null ? null : g.tensor(names.bias, [rows], 'bias'),
  };
  const cut = (start: number, count: number) => rowsOf(all, start, count);
  return { query: cut(0, queries), key: cut(queries, keys), value: cut(queries + keys, keys) };
}

/**
 * As {@link joinedProjections}, where the rows of each head's query, key and value lie together, head by head, as
 * Megatron keeps them. As many key/value heads as heads.
 */
export function headwiseProjections(
  g: GraphBuilder,
  name: string,
  shape: AttentionShape,
): QueryKeyValue<LinearWeights> {
  const outputs = 3 * widths(shape).queries;
  const all = linearWeights(g, name, { inputs: shape.hiddenSize, outputs, bias: true });
  const pick = (part: keyof QueryKeyValue<unknown>): LinearWeights => ({
    weight: headwiseRows(all.weight, shape)[part],
    bias: all.bias && headwiseRows(all.bias, shape)[part],
  });
  return { query: pick('query'), key: pick('key'), value: pick('value') };
}

/** What lies head by head, [heads · 3 · d, ..], as queries, keys and values, [heads · d, ..] each. */
export function headwiseRows(
  of: WeightExpression,
  shape: AttentionShape,
): QueryKeyValue<WeightExpression> {
  const { headSize: count } = widths(shape);
  const heads = Array.from({ length: shape.headCount }, (_, head) => head);
  const pick = (part: number): WeightExpression => ({
    kind: 'concatenate',
    parts: heads.map((head) => ({ kind: 'rows', of, start: (3 * head + part) * count, count })),
  });
  return { query: pick(0), key: pick(1), value: pick(2) };
}

/** Queries of x [B, Nq, D], keys and values of memory [B, Nk, Dm]; `memory` is x in self-attention. */
export function projectAll(
  g: GraphBuilder,
  x: Value,
  memory: Value,
  projections: QueryKeyValue<LinearWeights>,
): QueryKeyValue<Value> {
  return {
    query: linearWith(g, x, projections.query, 'query'),
    key: linearWith(g, memory, projections.key, 'key'),
    value: linearWith(g, memory, projections.value, 'value'),
  };
}

interface ProjectedAtOnce extends Required<Omit<AttentionShape, 'memorySize'>> {
  readonly queryKeyValueBias: boolean;
  /** The largest number among them; 0: no bound. */
  readonly queryKeyValueClip: number;
}

/** Queries, keys and values [1, T, heads · d] of x [1, T, D] from one product. */
export function projectAtOnce(
  g: GraphBuilder,
  x: Value,
  names: QueryKeyValue<string>,
  shape: ProjectedAtOnce,
): readonly [query: Value, key: Value, value: Value] {
  const { hiddenSize, headCount, keyValueHeadCount, headSize, queryKeyValueBias } = shape;
  const part = (name: string, heads: number) => ({
    name,
    inputs: hiddenSize,
    outputs: heads * headSize,
    bias: queryKeyValueBias,
  });
  const parts = [
    part(names.query, headCount),
    part(names.key, keyValueHeadCount),
    part(names.value, keyValueHeadCount),
  ];
  const lengths = parts.map(({ outputs }) => outputs);
  const all = clipped(g, joinedLinear(g, x, parts), shape.queryKeyValueClip);
  return split(g, all, -1, lengths) as readonly [Value, Value, Value];
}
