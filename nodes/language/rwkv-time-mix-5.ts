/** The time mix of RWKV-5 (Eagle): matrices of memory whose rows fade at fixed rates. Source: 2404.05892. */
import { repeatAs } from '#engine/onnx/shape-operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import { emitMatrixHeads, headCountOf, matrixState } from './rwkv-matrix-heads.ts';
import { logDecayOf, moved, shareOf, type TimeMix } from './rwkv-time-mix.ts';

export const timeMix5: TimeMix = {
  state: matrixState,
  emit(g, tokens, name, architecture, [past]) {
    const { attentionSize, headSize } = architecture;
    const mixed = (projection: 'k' | 'v' | 'r' | 'g'): Value =>
      moved(g, tokens, g.weight(shareOf(g, name, projection, architecture)));
    const stored = g.tensor(`${name}.time_decay`, [headCountOf(architecture), headSize], 'bias');
    const rates = g.weight({ kind: 'reshape', of: stored, shape: [1, 1, attentionSize] });
    const everySequence = repeatAs(g, logDecayOf(g, rates), 0, tokens.x, 0);
    const logDecay = repeatAs(g, everySequence, 1, tokens.x, 1); // [B, T, A]
    const inputs = {
      receptance: mixed('r'),
      key: mixed('k'),
      value: mixed('v'),
      gate: mixed('g'),
      logDecay,
    };
    return emitMatrixHeads(g, inputs, name, architecture, past as Value);
  },
};
