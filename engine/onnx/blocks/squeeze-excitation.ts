/** Squeeze and excitation: each channel is weighted by what a small network makes of the means of all. */
import type { GraphBuilder } from '../graph-builder.ts';
import { multiply, sigmoid } from '../operators.ts';
import { fixedDim, type Value } from '../value.ts';
import { convolution } from './convolution.ts';
import { activate, type Activation } from './feed-forward.ts';
import { globalAveragePool } from './pooling.ts';

export interface SqueezeExcitationShape {
  /** Channels in between. */
  readonly squeezedSize: number;
  readonly activation: Activation;
  readonly gate: 'sigmoid' | 'hard-sigmoid';
}

/** So many channels, rounded to whole eights, as timm does. */
export const inEights = (channels: number): number =>
  Math.max(8, 8 * Math.floor((channels + 4) / 8));

/** x · gate(up(act(down(mean x)))), with 1 × 1 convolutions under the names. [B, C, H, W] → the same. Source: 1709.01507. */
export function squeezeExcitation(
  g: GraphBuilder,
  x: Value,
  names: { readonly down: string; readonly up: string },
  { squeezedSize, activation, gate }: SqueezeExcitationShape,
): Value {
  const channels = fixedDim(x, 1);
  const layer = (inputs: number, outputs: number) => ({ inputs, outputs, kernel: 1, bias: true });
  return g.scope('excitation', () => {
    const means = globalAveragePool(g, x); // [B, C, 1, 1]
    const squeezed = convolution(g, means, names.down, layer(channels, squeezedSize));
    const answer = convolution(
      g,
      activate(g, squeezed, activation),
      names.up,
      layer(squeezedSize, channels),
    );
    return multiply(g, x, gate === 'sigmoid' ? sigmoid(g, answer) : hardSigmoid(g, answer));
  });
}

/** x / 6 + 1 / 2, cut at 0 and 1. */
function hardSigmoid(g: GraphBuilder, x: Value): Value {
  return g.op('HardSigmoid', [x], x, {
    attributes: { alpha: { float: 1 / 6 }, beta: { float: 0.5 } },
  });
}
