/** Normalisation of maps [B, C, H, W]: over the channels of each place, or of what each channel answers as a whole. */
import type { GraphBuilder } from '../graph-builder.ts';
import { add, divide, euclideanNorm, mean, multiply } from '../operators.ts';
import { transpose } from '../shape-operators.ts';
import type { Value } from '../value.ts';
import type { WeightExpression } from '../weight.ts';
import { norm } from './norm.ts';

/** LayerNorm over the channels of each place (LayerNorm2d). [B, C, H, W] → the same */
export function channelNorm(g: GraphBuilder, x: Value, name: string, epsilon: number): Value {
  const last = transpose(g, x, 0, 2, 3, 1);
  return transpose(g, norm(g, last, name, { kind: 'layer', epsilon }), 0, 3, 1, 2);
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
