/** The time mix of RWKV-4: an average over all tokens for each channel. Source: 2305.13048. */
import { fadingAverage } from '#engine/onnx/blocks/fading-average.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { multiply, sigmoid } from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import { logDecayOf, moved, shareOf, type TimeMix } from './rwkv-time-mix.ts';

export const timeMix4: TimeMix = {
  state: ({ attentionSize }) => [
    { name: 'sums', shape: [1, 2, attentionSize] },
    { name: 'peak', shape: [1, 1, attentionSize] },
  ],
  emit(g, tokens, name, architecture, [sums, peak]) {
    const { hiddenSize, attentionSize } = architecture;
    const projected = (projection: 'key' | 'value' | 'receptance', letter: 'k' | 'v' | 'r') =>
      linear(
        g,
        moved(g, tokens, g.weight(shareOf(g, name, letter, architecture))),
        `${name}.${projection}`,
        { inputs: hiddenSize, outputs: attentionSize, bias: false },
      ); // [B, T, A]
    const [key, value] = [projected('key', 'k'), projected('value', 'v')];
    const receptance = sigmoid(g, projected('receptance', 'r'));
    const vector = (part: string) => g.weight(g.tensor(`${name}.${part}`, [attentionSize], 'bias'));
    const weights = { logDecay: logDecayOf(g, vector('time_decay')), bonus: vector('time_first') };
    const past = { sums: sums as Value, peak: peak as Value };
    const average = g.scope('average', () => fadingAverage(g, { key, value }, weights, past));
    const output = linear(g, multiply(g, receptance, average.output), `${name}.output`, {
      inputs: attentionSize,
      outputs: hiddenSize,
      bias: false,
    });
    return { output, state: [average.state.sums, average.state.peak] };
  },
};
