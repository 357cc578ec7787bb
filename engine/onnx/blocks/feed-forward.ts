/** The feed-forward half of a transformer block, plain or gated. */
import type { GraphBuilder } from '../graph-builder.ts';
import { gelu, multiply, quickGelu } from '../operators.ts';
import type { Value } from '../value.ts';
import { linear, linearWith, type LinearWeights } from './linear.ts';

export const activations = [
  'silu',
  'gelu',
  'gelu-tanh',
  'quick-gelu',
  'relu',
  'hard-swish',
  'mish',
] as const;
export type Activation = (typeof activations)[number];

export function activate(g: GraphBuilder, x: Value, activation: Activation): Value {
  switch (activation) {
    case 'silu':
      return quickGelu(g, x, 1);
    case 'quick-gelu':
      return quickGelu(g, x, 1.702);
    case 'gelu':
      return gelu(g, x, 'none');
    case 'gelu-tanh':
      return gelu(g, x, 'tanh');
    case 'relu':
      return g.op('Relu', [x], x);
    case 'hard-swish':
      return g.op('HardSwish', [x], x);
    case 'mish':
      return g.op('Mish', [x], x);
  }
}

export interface FeedForwardShape {
  readonly hiddenSize: number;
  readonly feedForwardSize: number;
  readonly activation: Activation;
  readonly bias: boolean;
}

/** down(act(up(x))): `up` and `down` name the two linears. [1, T, D] → [1, T, D] */
export function plainFeedForward(
  g: GraphBuilder,
  x: Value,
  names: { readonly up: string; readonly down: string },
  { hiddenSize, feedForwardSize, activation, bias }: FeedForwardShape,
): Value {
  const up = linear(g, x, names.up, { inputs: hiddenSize, outputs: feedForwardSize, bias });
  const active = activate(g, up, activation); // [1, T, F]
  return linear(g, active, names.down, { inputs: feedForwardSize, outputs: hiddenSize, bias });
}

/** As `plainFeedForward`, with weights that the caller has put together. */
export function plainFeedForwardWith(
  g: GraphBuilder,
  x: Value,
  { up, down }: { readonly up: LinearWeights; readonly down: LinearWeights },
  activation: Activation,
): Value {
  return linearWith(g, activate(g, linearWith(g, x, up, 'up'), activation), down, 'down');
}

/** down(act(gate(x)) · up(x)): SwiGLU with SiLU, GeGLU with GELU. [.., D] → [.., D] */
export function gatedFeedForward(
  g: GraphBuilder,
  x: Value,
  names: { readonly gate: string; readonly up: string; readonly down: string },
  { hiddenSize, feedForwardSize, activation, bias }: FeedForwardShape,
): Value {
  const shape = { inputs: hiddenSize, outputs: feedForwardSize, bias };
  const gate = activate(g, linear(g, x, names.gate, shape), activation);
  const gated = multiply(g, gate, linear(g, x, names.up, shape)); // [.., F]
  return linear(g, gated, names.down, { inputs: feedForwardSize, outputs: hiddenSize, bias });
}

/** As `gatedFeedForward`, with weights that the caller has put together. */
export function gatedFeedForwardWith(
  g: GraphBuilder,
  x: Value,
  {
    gate,
    up,
    down,
  }: { readonly gate: LinearWeights; readonly up: LinearWeights; readonly down: LinearWeights },
  activation: Activation,
): Value {
  const open = activate(g, linearWith(g, x, gate, 'gate'), activation);
  const gated = multiply(g, open, linearWith(g, x, up, 'up')); // [.., F]
  return linearWith(g, gated, down, 'down');
}
