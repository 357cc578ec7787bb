/** The block of Mamba-2 (arxiv.org/abs/2405.21060). */
import { causalConvolution } from '#engine/onnx/blocks/causal-convolution.ts';
import {
  exactLinearWith,
  linear,
  linearWeights,
  linearWith,
  rowsOf,
} from '#engine/onnx/blocks/linear.ts';
import { norm, normWithoutWeight } from '#engine/onnx/blocks/norm.ts';
import { stateSpaceDuality } from '#engine/onnx/blocks/state-space-duality.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add, exponential, multiply, negate, quickGelu } from '#engine/onnx/operators.ts';
import { reshape, split } from '#engine/onnx/shape-operators.ts';
import type { Dim, Value } from '#engine/onnx/value.ts';
import type { Mamba2Architecture } from './mamba2-architecture.ts';
import type { Mixed, Mixer, MixerState } from './state-space-graph.ts';

/** Channels of the convolution: what goes in, what is written along and what is read along. */
const convolved = ({ innerSize, groupCount, stateSize }: Mamba2Architecture): number =>
  innerSize + 2 * groupCount * stateSize;

/** H heads of P channels with a state of [N, P] numbers each. */
export const mamba2Mixer = (architecture: Mamba2Architecture): Mixer => {
  const { innerSize, headSize, stateSize, kernelSize } = architecture;
  return {
    state: {
      convolution: [convolved(architecture), kernelSize - 1],
      memory: [innerSize / headSize, stateSize, headSize],
    },
    prepare: (g) => (x, name, past) => emitMixer(g, x, name, architecture, past),
  };
};

function emitMixer(
  g: GraphBuilder,
  x: Value,
  name: string,
  architecture: Mamba2Architecture,
  past: MixerState<Value>,
): Mixed {
  const { hiddenSize, innerSize, groupCount, stateSize, projectionBias } = architecture;
  const { gate, input, step } = projections(g, x, name, architecture);
  const kernel = { kernel: architecture.kernelSize, bias: architecture.convolutionBias };
  const seen = g.scope('convolution', () =>
    causalConvolution(g, input, `${name}.conv1d`, kernel, past.convolution),
  );
  const along = groupCount * stateSize;
  const parts = split(g, seen.output, -1, [innerSize, along, along]);
  const [inner, write, read] = parts as readonly [Value, Value, Value];
  const scanned = g.scope('scan', () =>
    scan(g, { inner, step, write, read }, name, architecture, past.memory),
  );
  const gated = multiply(g, scanned.output, quickGelu(g, gate, 1));
  const normed = gatedNorm(g, gated, `${name}.norm`, architecture);
  const output = linear(g, normed, `${name}.out_proj`, {
    inputs: innerSize,
    outputs: hiddenSize,
    bias: projectionBias,
  });
  return { output, state: { convolution: seen.state, memory: scanned.state } };
}

/** The gate [B, T, E], what the convolution is given [B, T, E + 2GN], and time steps [B, T, H], stored as one matrix. */
function projections(g: GraphBuilder, x: Value, name: string, architecture: Mamba2Architecture) {
  const { hiddenSize, innerSize, headSize, projectionBias: bias } = architecture;
  const [channels, headCount] = [convolved(architecture), innerSize / headSize];
  const outputs = innerSize + channels + headCount;
  const all = linearWeights(g, `${name}.in_proj`, { inputs: hiddenSize, outputs, bias });
  const wide = linearWith(g, x, rowsOf(all, 0, innerSize + channels), 'in_proj');
  const [gate, input] = split(g, wide, -1, [innerSize, channels]) as readonly [Value, Value];
  // An error of a time step is raised to a power by every step that follows, so that these weights stay exact.
  const step = exactLinearWith(g, x, rowsOf(all, innerSize + channels, headCount), 'steps');
  return { gate, input, step };
}

interface Scanned {
  /** [B, T, E] */
  readonly inner: Value;
  /** Time steps before their bias and softplus. [B, T, H] */
  readonly step: Value;
  /** [B, T, G · N] */
  readonly write: Value;
  readonly read: Value;
}

/** With Δ = softplus(step + bias): S = exp(−Δ exp(A_log)) S + B ⊗ Δ x, y = C · S + D x, all by head. */
function scan(
  g: GraphBuilder,
  { inner, step, write, read }: Scanned,
  name: string,
  { innerSize, headSize }: Mamba2Architecture,
  past: Value,
) {
  const headCount = innerSize / headSize;
  const ofHeads = (part: string): Value =>
    g.weight(g.tensor(`${name}.${part}`, [headCount], 'norm'));
  const [batch, length] = step.shape as readonly [Dim, Dim];
  const shifted = add(g, step, ofHeads('dt_bias'));
  const time = g.op('Softplus', [shifted], shifted); // [B, T, H]
  const decay = multiply(g, time, negate(g, exponential(g, ofHeads('A_log'))));
  const heads = reshape(g, inner, [batch, length, headCount, headSize]);
  const timeOfHeads = reshape(g, time, [batch, length, headCount, 1]);
  const x = reshape(g, multiply(g, heads, timeOfHeads), inner.shape);
  const { output, state } = stateSpaceDuality(g, { x, decay, write, read }, past);
  const skip = reshape(g, ofHeads('D'), [headCount, 1]);
  const through = reshape(g, multiply(g, heads, skip), inner.shape);
  return { output: add(g, output, through), state };
}

/** RMS normalisation of each group of channels by itself, with a weight a channel. x [B, T, E] */
function gatedNorm(
  g: GraphBuilder,
  x: Value,
  name: string,
  { innerSize, normGroupCount, normEpsilon: epsilon }: Mamba2Architecture,
): Value {
  const kind = { kind: 'rms', epsilon } as const;
  if (normGroupCount === 1) return norm(g, x, name, kind);
  const [batch, length] = x.shape as readonly [Dim, Dim];
  const groups = reshape(g, x, [batch, length, normGroupCount, innerSize / normGroupCount]);
  const plain = reshape(g, normWithoutWeight(g, groups, kind), x.shape);
  return multiply(g, plain, g.weight(g.tensor(`${name}.weight`, [innerSize], 'norm')));
}
