/** What the time mixes of all generations, and the channel mix, have in common: a token meets the one before it. */
import type { RecurrentTensor } from '#engine/node/decoder-protocol.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add, multiply } from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import type { WeightExpression } from '#engine/onnx/weight.ts';
import type { RwkvArchitecture } from './rwkv-architecture.ts';

/** Tokens, and the way from each to the one before it. [B, T, D] both */
export interface MovingTokens {
  readonly x: Value;
  readonly change: Value;
}

/** How a generation mixes tokens along the sequence. */
export interface TimeMix {
  /** What it carries from token to token, of one sequence. */
  readonly state: (
    architecture: RwkvArchitecture,
  ) => readonly Pick<RecurrentTensor, 'name' | 'shape'>[];
  /** What it adds to the residual stream, [B, T, D], and its state behind the last token, in the order of `state`. */
  readonly emit: (
    g: GraphBuilder,
    tokens: MovingTokens,
    name: string,
    architecture: RwkvArchitecture,
    past: readonly Value[],
  ) => { readonly output: Value; readonly state: readonly Value[] };
}

/** Each channel goes a share of the way to the token before. `share` [D] → [B, T, D] */
export const moved = (g: GraphBuilder, { x, change }: MovingTokens, share: Value): Value =>
  add(g, x, multiply(g, change, share));

/** The shares [D] of one of the projections of `name`, which generations 4 and 5 store as what is left of them. */
export function shareOf(
  g: GraphBuilder,
  name: string,
  projection: 'k' | 'v' | 'r' | 'g' | 'w' | 'x',
  { generation, hiddenSize }: RwkvArchitecture,
): WeightExpression {
  if (generation === '6') return g.tensor(`${name}.time_maa_${projection}`, [hiddenSize], 'bias');
  const stored = g.tensor(`${name}.time_mix_${projection}`, [hiddenSize], 'norm');
  return { kind: 'offset', of: { kind: 'multiple', of: stored, by: -1 }, by: 1 };
}

/** −exp(x), which every generation takes of a logarithm for the logarithm of what is kept. */
export const logDecayOf = (g: GraphBuilder, x: Value): Value =>
  g.op('Neg', [g.op('Exp', [x], x)], x);
