/** y = x Wᵀ + b, in float32, with block-quantised weights, or in 8 bits on both sides. */
import { int, type GraphBuilder } from '../graph-builder.ts';
import { add } from '../operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import { expressionShape, type BlockFormat, type WeightExpression } from '../weight.ts';
import { tokenScaledProduct } from './token-scaled-product.ts';

export interface LinearShape {
  /** Channels in. */
  readonly inputs: number;
  /** Channels out. */
  readonly outputs: number;
  readonly bias: boolean;
}

/** The weights of a linear, as recipes: weight [outputs, inputs], bias [outputs]. */
export interface LinearWeights {
  readonly weight: WeightExpression;
  readonly bias: WeightExpression | null;
}

/** `name.weight` and, with a bias, `name.bias`, as published checkpoints store them. */
export function linearWeights(
  g: GraphBuilder,
  name: string,
  { inputs, outputs, bias }: LinearShape,
): LinearWeights {
  return {
    weight: g.tensor(`${name}.weight`, [outputs, inputs], 'matrix'),
    bias: bias ? g.tensor(`${name}.bias`, [outputs], 'bias') : null,
  };
}

/** The linear that gives only some of the channels out. */
export function rowsOf(
  { weight, bias }: LinearWeights,
  start: number,
  count: number,
): LinearWeights {
  return {
    weight: { kind: 'rows', of: weight, start, count },
    bias: bias && { kind: 'rows', of: bias, start, count },
  };
}

/**
 * The linear times a learned factor for each channel out (LayerScale), which costs nothing when the graph
 * runs. `name` is the factor's own, [outputs].
 */
export function scaleOutputs(
  g: GraphBuilder,
  { weight, bias }: LinearWeights,
  name: string,
): LinearWeights {
  const by = g.tensor(name, [expressionShape(weight)[0] ?? 0], 'norm');
  return {
    weight: { kind: 'scaled', of: weight, by },
    bias: bias && { kind: 'scaled', of: bias, by },
  };
}

/** A linear by the name of its weights, which is also the one in the profile. [.., inputs] → [.., outputs] */
export function linear(g: GraphBuilder, x: Value, name: string, shape: LinearShape): Value {
  return linearWith(g, x, linearWeights(g, name, shape), lastPart(name));
}

/** A linear with weights that the caller has put together, under a name in the profile. */
export function linearWith(
  g: GraphBuilder,
  x: Value,
  { weight, bias }: LinearWeights,
  name: string,
): Value {
  return g.scope(name, () => matrixProduct(g, x, weight, bias));
}

/** As `linear`, with weights that stay float32 whatever the precision of the node. */
export function exactLinear(g: GraphBuilder, x: Value, name: string, shape: LinearShape): Value {
  return exactLinearWith(g, x, linearWeights(g, name, shape), lastPart(name));
}

/** Weights that may not be rounded further, whatever the precision of the node. */
const fineBlocks = { bits: 8, blockSize: 32 } as const;

/** As `linear`, with weights in 8 bits where those of the node are in 8 or fewer, and in float32 elsewhere. */
export function fineLinear(g: GraphBuilder, x: Value, name: string, shape: LinearShape): Value {
  const { weight, bias } = linearWeights(g, name, shape);
  const isRounded = g.blocks !== null && !g.roundsTokens;
  const isWhole = shape.inputs % fineBlocks.blockSize === 0;
  return g.scope(lastPart(name), () =>
    isRounded && isWhole
      ? blockProduct(g, x, weight, bias, fineBlocks)
      : floatProduct(g, x, weight, bias),
  );
}

/** As `linearWith`, with weights that stay float32 whatever the precision of the node. */
export function exactLinearWith(
  g: GraphBuilder,
  x: Value,
  { weight, bias }: LinearWeights,
  name: string,
): Value {
  return g.scope(name, () => floatProduct(g, x, weight, bias));
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
  if (!g.blocks) return floatProduct(g, x, weight, bias);
  if (!g.roundsTokens) return blockProduct(g, x, weight, bias, g.blocks);
  return tokenScaledProduct(g, x, weight, bias, countProduct(g, x, weight).result.shape);
}

function blockProduct(
  g: GraphBuilder,
  x: Value,
  weight: WeightExpression,
  bias: WeightExpression | null,
  format: BlockFormat,
): Value {
  const { inputs, outputs, result } = countProduct(g, x, weight);
  const { codes, scales } = g.blockWeight(weight, format);
  const inputsOfOp = [x, codes, scales, null, null, bias && g.weight(bias)];
  return g.op('MatMulNBits', bias ? inputsOfOp : inputsOfOp.slice(0, 3), result, {
    domain: 'com.microsoft',
    attributes: {
      K: int(inputs),
      N: int(outputs),
      bits: int(format.bits),
      block_size: int(format.blockSize),
      // 8-bit integer arithmetic; level 0 is up to a hundred times slower on a CPU.
      accuracy_level: int(4),
    },
  });
}

function floatProduct(
  g: GraphBuilder,
  x: Value,
  weight: WeightExpression,
  bias: WeightExpression | null,
): Value {
  const { result } = countProduct(g, x, weight);
  const product = g.op('FusedMatMul', [x, g.weight(weight)], result, {
    domain: 'com.microsoft',
    attributes: { transB: int(1) },
  });
  return bias ? add(g, product, g.weight(bias)) : product;
}

function countProduct(g: GraphBuilder, x: Value, weight: WeightExpression) {
  const [outputs = 0, inputs = 0] = expressionShape(weight);
  if (fixedDim(x, -1) !== inputs) {
    throw new Error(`"${x.name}" has ${x.shape.at(-1)} channels, its matrix takes ${inputs}.`);
  }
  const leading = x.shape.slice(0, -1);
  g.work(inputs * outputs, leading);
  const result = { type: x.type, shape: [...leading, outputs] as readonly Dim[] };
  return { inputs, outputs, result };
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
