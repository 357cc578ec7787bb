/** y = x Wᵀ + b, in float32 or with block-quantised weights. */
import { int, type GraphBuilder } from '../graph-builder.ts';
import { add } from '../operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import { expressionShape, type WeightExpression } from '../weight.ts';

export interface LinearShape {
  /** Channels in. */
  readonly inputs: number;
  /** Channels out. */
  readonly outputs: number;
  readonly bias: boolean;
}

/** `name.weight` [outputs, inputs] and, with a bias, `name.bias` [outputs], as published checkpoints store them. */
export function linear(g: GraphBuilder, x: Value, name: string, shape: LinearShape): Value {
  const weight = g.tensor(`${name}.weight`, [shape.outputs, shape.inputs], 'matrix');
  const bias = shape.bias ? g.tensor(`${name}.bias`, [shape.outputs], 'bias') : null;
  return g.scope(lastPart(name), () => matrixProduct(g, x, weight, bias));
}

/** Several linears over the same input as one product; outputs lie side by side. [.., K] → [.., ΣN] */
export function joinedLinear(
  g: GraphBuilder,
  x: Value,
  parts: readonly (LinearShape & { readonly name: string })[],
): Value {
  const weights = parts.map(({ name, inputs, outputs }) =>
    g.tensor(`${name}.weight`, [outputs, inputs], 'matrix'),
  );
  const biases = parts
    .filter(({ bias }) => bias)
    .map(({ name, outputs }) => g.tensor(`${name}.bias`, [outputs], 'bias'));
  return g.scope(parts.map(({ name }) => lastPart(name)).join('+'), () =>
    matrixProduct(
      g,
      x,
      { kind: 'concatenate', parts: weights },
      biases.length > 0 ? { kind: 'concatenate', parts: biases } : null,
    ),
  );
}

/** x [.., K] times the transpose of a weight [N, K], plus a bias [N] → [.., N]. */
export function matrixProduct(
  g: GraphBuilder,
  x: Value,
  weight: WeightExpression,
  bias: WeightExpression | null,
): Value {
  const [outputs = 0, inputs = 0] = expressionShape(weight);
  if (fixedDim(x, -1) !== inputs) {
    throw new Error(`"${x.name}" has ${x.shape.at(-1)} channels, its matrix takes ${inputs}.`);
  }
  const leading = x.shape.slice(0, -1);
  const result = { type: x.type, shape: [...leading, outputs] as readonly Dim[] };
  g.work(inputs * outputs, leading);
  if (g.blocks) {
    const { codes, scales } = g.blockWeight(weight, g.blocks);
    const inputsOfOp = [x, codes, scales, null, null, bias && g.weight(bias)];
    return g.op('MatMulNBits', bias ? inputsOfOp : inputsOfOp.slice(0, 3), result, {
      domain: 'com.microsoft',
      attributes: {
        K: int(inputs),
        N: int(outputs),
        bits: int(g.blocks.bits),
        block_size: int(g.blocks.blockSize),
        // 8-bit integer arithmetic; level 0 is up to a hundred times slower on a CPU.
        accuracy_level: int(4),
      },
    });
  }
  const product = g.op('FusedMatMul', [x, g.weight(weight)], result, {
    domain: 'com.microsoft',
    attributes: { transB: int(1) },
  });
  return bias ? add(g, product, g.weight(bias)) : product;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
