/** What the types of two tokens, such as first and second sentence, add to their score in a Funnel Transformer. */
import type { GraphBuilder } from '../graph-builder.ts';
import { add, cast, equal, matmul, multiply, subtract } from '../operators.ts';
import { split, transpose, unsqueeze } from '../shape-operators.ts';
import { fixedDim, type Value } from '../value.ts';

/** [B, Nq] and [B, N] int64. */
export interface FunnelTypes {
  readonly asking: Value;
  readonly asked: Value;
}

const classType = 2;

/**
 * One number for a pair of the same type, in which the class token is with every other, and one for a pair of different
 * types; where there are no types, all are the same. queries [B, H, Nq, d] → [B, H, Nq, N], or [B, H, Nq, 1]
 */
export function funnelTypeBias(
  g: GraphBuilder,
  queries: Value,
  name: string,
  types: FunnelTypes | null,
): Value {
  const shape = [2, fixedDim(queries, 1), fixedDim(queries, 3)] as const;
  const vectors = unsqueeze(g, g.weight(g.tensor(name, shape, 'embedding')), 0); // [1, 2, H, d]
  const both = matmul(g, queries, transpose(g, vectors, 0, 2, 3, 1)); // [B, H, Nq, 2]
  const [different, same] = split(g, both, 3, [1, 1]) as [Value, Value];
  if (!types) return same;
  const alike = cast(g, together(g, types), 'float32'); // [B, 1, Nq, N]
  return add(g, different, multiply(g, alike, subtract(g, same, different)));
}

function together(g: GraphBuilder, { asking, asked }: FunnelTypes): Value {
  const [rows, columns] = [unsqueeze(g, asking, 2), unsqueeze(g, asked, 1)];
  const special = g.scalar('int64', classType);
  const either = (a: Value, b: Value): Value =>
    g.op('Or', [a, b], { type: 'bool', shape: [...rows.shape.slice(0, 2), columns.shape[2] ?? 1] });
  const isClass = either(equal(g, rows, special), equal(g, columns, special));
  return unsqueeze(g, either(isClass, equal(g, rows, columns)), 1);
}
