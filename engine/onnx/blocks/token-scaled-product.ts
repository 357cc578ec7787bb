/**
 * Products in 8 bits on both sides (W8A8). ONNX Runtime's DynamicQuantizeMatMul rounds all of its input by one scale, which a
 * single token of large numbers spoils for the others. So each token is brought to one size before it is rounded, and its
 * outputs to its own behind; what a token gives never depends on those beside it.
 */
import type { GraphBuilder } from '../graph-builder.ts';
import { add, divide, largest, multiply } from '../operators.ts';
import type { Shape, Value } from '../value.ts';
import type { WeightExpression } from '../weight.ts';

/** From −1 to 1 in as many steps down as up, about the code of zero. */
const stepsUp = 127;
const zeroCode = 128;

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
  const step = g.scalar('float32', 1 / stepsUp);
  const zero = g.scalar('uint8', zeroCode);
  const rounded = { type: 'uint8', shape: x.shape } as const;
  const tokens = g.op('QuantizeLinear', [divide(g, x, size), step, zero], rounded); // [.., K]
  const product = g.op(
    'MatMulIntegerToFloat',
    [tokens, codes, step, scales, zero],
    { type: x.type, shape },
    { domain: 'com.microsoft' },
  );
  // The operator would add a bias before the tokens have their own size again.
  const scaled = multiply(g, product, size); // [.., N]
  return bias ? add(g, scaled, g.weight(bias)) : scaled;
}

/** The largest magnitude of each token. [.., K] → [.., 1] */
function tokenSizes(g: GraphBuilder, x: Value): Value {
  const most = largest(g, g.op('Abs', [x], x), -1, true);
  return g.op('Max', [most, g.scalar('float32', smallestSize)], most);
}
