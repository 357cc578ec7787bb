/** Where the projections of queries, keys and values lie in a checkpoint, and their products. */
import type { GraphBuilder } from '../graph-builder.ts';
import type { Value } from '../value.ts';
import type { WeightExpression } from '../weight.ts';
import type { AttentionShape, QueryKeyValue } from './attention.ts';
import { matrixProduct } from './linear.ts';

export interface Projection {
  /** [channels out, channels in] */
  readonly weight: WeightExpression;
  readonly bias: WeightExpression | null;
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
): QueryKeyValue<Projection> {
  const { memorySize, queries, keys } = widths(shape);
  const projection = (part: keyof ProjectionBiases, outputs: number, inputs: number) => ({
    weight: g.tensor(`${names[part]}.weight`, [outputs, inputs], 'matrix'),
    bias: biases[part] ? g.tensor(`${names[part]}.bias`, [outputs], 'bias') : null,
  });
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
): QueryKeyValue<Projection> {
  const { memorySize, queries, keys } = widths(shape);
  if (memorySize !== shape.hiddenSize) throw new Error('A joined projection has one input.');
  const rows = queries + 2 * keys;
  const weight = g.tensor(names.weight, [rows, shape.hiddenSize], 'matrix');
  const bias = names.bias === null ? null : g.tensor(names.bias, [rows], 'bias');
  const cut = (start: number, count: number): Projection => ({
    weight: { kind: 'rows', of: weight, start, count },
    bias: bias && { kind: 'rows', of: bias, start, count },
  });
  return { query: cut(0, queries), key: cut(queries, keys), value: cut(queries + keys, keys) };
}

/** One projection under a name in the profile. [B, N, in] → [B, N, out] */
export function project(
  g: GraphBuilder,
  x: Value,
  { weight, bias }: Projection,
  name: string,
): Value {
  return g.scope(name, () => matrixProduct(g, x, weight, bias));
}

/** Queries of x [B, Nq, D], keys and values of memory [B, Nk, Dm]; `memory` is x in self-attention. */
export function projectAll(
  g: GraphBuilder,
  x: Value,
  memory: Value,
  projections: QueryKeyValue<Projection>,
): QueryKeyValue<Value> {
  return {
    query: project(g, x, projections.query, 'query'),
    key: project(g, memory, projections.key, 'key'),
    value: project(g, memory, projections.value, 'value'),
  };
}
