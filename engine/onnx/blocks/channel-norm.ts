/** Normalisation of maps: over the channels of each place, over the whole, or of what each channel answers over all places. */
import { float, type GraphBuilder } from '../graph-builder.ts';
import { add, divide, euclideanNorm, mean, multiply } from '../operators.ts';
import { reshape, transpose } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import type { WeightExpression } from '../weight.ts';
import { norm } from './norm.ts';

/** LayerNorm over the channels of each place (LayerNorm2d). [B, C, H, W] → the same */
export function channelNorm(g: GraphBuilder, x: Value, name: string, epsilon: number): Value {
  const last = transpose(g, x, 0, 2, 3, 1);
  return transpose(g, norm(g, last, name, { kind: 'layer', epsilon }), 0, 3, 1, 2);
}

/**
 * One mean and one variance for the whole map, then a factor and a shift a channel (group norm with one group).
 * [B, C, H, W] → the same. Source: 1803.08494.
 */
export function wholeNorm(g: GraphBuilder, x: Value, name: string, epsilon: number): Value {
  const channels = fixedDim(x, 1);
  const count = channels * fixedDim(x, 2) * fixedDim(x, 3);
  const one = g.constant('float32', [1], [1]);
  const zero = g.constant('float32', [1], [0]);
  const flat = reshape(g, x, [x.shape[0] as Dim, 1, count]);
  const normed = g.op('InstanceNormalization', [flat, one, zero], flat, {
    attributes: { epsilon: float(epsilon) },
  });
  const channelwise = (of: 'weight' | 'bias', init: 'norm' | 'bias'): Value => {
    const stored = g.tensor(`${name}.${of}`, [channels], init);
    return g.weight({ kind: 'reshape', of: stored, shape: [channels, 1, 1] });
  };
  const scaled = multiply(g, reshape(g, normed, x.shape), channelwise('weight', 'norm'));
  return add(g, scaled, channelwise('bias', 'bias'));
}

/**
 * Global response normalisation over places, channels last: x + weight · (x · n) + bias, where n is a channel's
 * length over the map divided by the mean length of all channels. x [B, H, W, C], weight and bias [C] or
 * [1, 1, 1, C]. Source: ConvNeXt V2, 2301.00808.
 */
export function globalResponseNorm(
  g: GraphBuilder,
  x: Value,
  { weight, bias }: { readonly weight: WeightExpression; readonly bias: WeightExpression },
  epsilon: number,
): Value {
  const lengths = euclideanNorm(g, x, [1, 2], true); // [B, 1, 1, C]
  const share = divide(
    g,
    lengths,
    add(g, mean(g, lengths, -1, true), g.scalar('float32', epsilon)),
  );
  const weighted = multiply(g, multiply(g, x, share), g.weight(weight));
  return add(g, add(g, weighted, g.weight(bias)), x);
}
