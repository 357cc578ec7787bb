/** A depthwise convolution over a sequence that sees no later token, and goes on where the sequence before ended. */
import { text, type GraphBuilder } from '../graph-builder.ts';
import { transpose } from '../shape-operators.ts';
import { fixedDim, type Value } from '../value.ts';

export interface CausalConvolutionResult {
  /** [B, T, C] */
  readonly output: Value;
  /** The last inputs of the sequence, of which the next tokens see some. [B, C, kernel − 1] */
  readonly state: Value;
}

/**
 * `name.weight` [C, 1, kernel] and, with a bias, `name.bias` [C]; SiLU behind it. x [B, T, C]; `past` are the inputs
 * before the first one, oldest first, [B, C, kernel − 1].
 */
export function causalConvolution(
  g: GraphBuilder,
  x: Value,
  name: string,
  { kernel, bias }: { readonly kernel: number; readonly bias: boolean },
  past: Value,
): CausalConvolutionResult {
  const channels = fixedDim(x, 2);
  const weight = g.weight(g.tensor(`${name}.weight`, [channels, 1, kernel], 'matrix'));
  const offset = bias ? g.weight(g.tensor(`${name}.bias`, [channels], 'bias')) : null;
  g.work(kernel * channels, x.shape.slice(0, 2));
  const along = transpose(g, x, 0, 2, 1); // [B, C, T]
  const [output, state] = g.ops(
    'CausalConvWithState',
    [along, weight, offset, past],
    [along, past],
    {
      domain: 'com.microsoft',
      attributes: { activation: text('silu') },
    },
  ) as [Value, Value];
  return { output: transpose(g, output, 0, 2, 1), state };
}
