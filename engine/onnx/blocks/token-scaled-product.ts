/**
 * Products in 8 bits on both sides (W8A8). The operator rounds its whole input by one scale, which a single token of large
 * numbers spoils for all others. So every token is brought to one size before, and its outputs back to its own behind.
 */
import type { GraphBuilder } from '../graph-builder.ts';
import { add, divide, largest, multiply } from '../operators.ts';
import type { Shape, Value } from '../value.ts';
import type { WeightExpression } from '../weight.ts';

/** What a token is divided by at least, so that one of all zeros stays one. */
const smallestSize = 1e-30;

/**
 * x [.., K] times the transpose of a weight [N, K], plus a bias [N] → `shape` [.., N]. The weight's rounding has a scale
 * a channel out, that of x one a token.
 */
export function tokenScaledProduct(
  g: GraphBuilder,
  x: Value,
  weight: WeightExpression,
  bias: WeightExpression | null,
  shape: Shape,
): Value {
  const { codes, scales } = g.channelWeight(weight);
  const size = tokenSizes(g, x); // [.., 1]
  // The operator adds a bias before the tokens have their own size again, so it is added behind.
  const product = g.op(
    'DynamicQuantizeMatMul',
    [divide(g, x, size), codes, scales],
    { type: x.type, shape },
    { domain: 'com.microsoft' },
  );
  const scaled = multiply(g, product, size); // [.., N]
  return bias ? add(g, scaled, g.weight(bias)) : scaled;
}

/** The largest magnitude of each token. [.., K] → [.., 1] */
function tokenSizes(g: GraphBuilder, x: Value): Value {
  const most = largest(g, g.op('Abs', [x], x), -1, true);
  return g.op('Max', [most, g.scalar('float32', smallestSize)], most);
}
