/** The channel mix, the same in all generations: a feed-forward with squared ReLU behind a gate. Source: 2305.13048. */
import { activate } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { multiply, sigmoid } from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import type { RwkvArchitecture } from './rwkv-architecture.ts';
import { moved, shareOf, type MovingTokens } from './rwkv-time-mix.ts';

/** What it adds to the residual stream. [B, T, D] */
export function emitChannelMix(
  g: GraphBuilder,
  tokens: MovingTokens,
  name: string,
  architecture: RwkvArchitecture,
): Value {
  const { hiddenSize, feedForwardSize } = architecture;
  const mixed = (projection: 'k' | 'r'): Value =>
    moved(g, tokens, g.weight(shareOf(g, name, projection, architecture)));
  const map = (x: Value, part: string, inputs: number, outputs: number): Value =>
    linear(g, x, `${name}.${part}`, { inputs, outputs, bias: false });
  const gate = sigmoid(g, map(mixed('r'), 'receptance', hiddenSize, hiddenSize));
  const inner = activate(g, map(mixed('k'), 'key', hiddenSize, feedForwardSize), 'relu');
  return multiply(g, gate, map(multiply(g, inner, inner), 'value', feedForwardSize, hiddenSize));
}
