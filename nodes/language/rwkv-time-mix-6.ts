/**
 * The time mix of RWKV-6 (Finch): as that of RWKV-5, but each token decides how much of the one before it is mixed in,
 * and how fast memories fade. Source: 2404.05892.
 */
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add, matmul, multiply } from '#engine/onnx/operators.ts';
import { reshape, split, transpose } from '#engine/onnx/shape-operators.ts';
import type { Dim, Value } from '#engine/onnx/value.ts';
import type { RwkvArchitecture } from './rwkv-architecture.ts';
import { emitMatrixHeads, matrixState } from './rwkv-matrix-heads.ts';
import { logDecayOf, moved, shareOf, type MovingTokens, type TimeMix } from './rwkv-time-mix.ts';

/** In the order of the runs of `time_maa_w1` and `time_maa_w2`. */
const mixes = ['w', 'k', 'v', 'r', 'g'] as const;

export const timeMix6: TimeMix = {
  state: matrixState,
  emit(g, tokens, name, architecture, [past]) {
    const [fading, key, value, receptance, gate] = mixedTokens(g, tokens, name, architecture);
    const logDecay = g.scope('decay', () => decayOf(g, fading, name, architecture));
    const inputs = { receptance, key, value, gate, logDecay };
    return emitMatrixHeads(g, inputs, name, architecture, past as Value);
  },
};

type Mixes = readonly [Value, Value, Value, Value, Value];

/** The tokens moved by a share of its own for each of the five. [B, T, D] each */
function mixedTokens(
  g: GraphBuilder,
  tokens: MovingTokens,
  name: string,
  architecture: RwkvArchitecture,
): Mixes {
  const { hiddenSize, mixRank } = architecture;
  const [count, length] = tokens.x.shape as readonly [Dim, Dim, number];
  const down = g.tensor(`${name}.time_maa_w1`, [hiddenSize, 5 * mixRank], 'matrix');
  const up = g.tensor(`${name}.time_maa_w2`, [5, mixRank, hiddenSize], 'matrix');
  const standing = mixes.map((mix) => shareOf(g, name, mix, architecture));
  return g.scope('shares', () => {
    const first = moved(g, tokens, g.weight(shareOf(g, name, 'x', architecture)));
    const low = tangent(g, matmul(g, first, g.weight(down))); // [B, T, 5 · rank]
    const byMix = transpose(g, reshape(g, low, [count, length, 5, mixRank]), 2, 0, 1, 3);
    const upward = g.weight({ kind: 'reshape', of: up, shape: [5, 1, mixRank, hiddenSize] });
    const own = matmul(g, byMix, upward); // [5, B, T, D]
    const all = { kind: 'concatenate', parts: standing } as const;
    const fixed = g.weight({ kind: 'reshape', of: all, shape: [5, 1, 1, hiddenSize] });
    const mixed = add(g, multiply(g, add(g, own, fixed), tokens.change), tokens.x); // [5, B, T, D]
    return split(g, mixed, 0, [1, 1, 1, 1, 1]).map((each) =>
      reshape(g, each, tokens.x.shape),
    ) as unknown as Mixes;
  });
}

/**
 * Logarithms of what is kept, [B, T, A]. Its matrices stay exact whatever the precision: an error of a rate is raised to
 * a power by every token that follows.
 */
function decayOf(
  g: GraphBuilder,
  x: Value,
  name: string,
  { hiddenSize, attentionSize, decayRank }: RwkvArchitecture,
): Value {
  const down = g.tensor(`${name}.time_decay_w1`, [hiddenSize, decayRank], 'matrix');
  const up = g.tensor(`${name}.time_decay_w2`, [decayRank, attentionSize], 'matrix');
  const own = matmul(g, tangent(g, matmul(g, x, g.weight(down))), g.weight(up)); // [B, T, A]
  const standing = g.weight(g.tensor(`${name}.time_decay`, [attentionSize], 'bias'));
  return logDecayOf(g, add(g, own, standing));
}

const tangent = (g: GraphBuilder, x: Value): Value => g.op('Tanh', [x], x);
