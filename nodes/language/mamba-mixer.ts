/** The block of Mamba (arxiv.org/abs/2312.00752), with or without norms of what the scan is steered by. */
import { causalConvolution } from '#engine/onnx/blocks/causal-convolution.ts';
import { fineLinear, linear } from '#engine/onnx/blocks/linear.ts';
import { norm, normWithoutWeight } from '#engine/onnx/blocks/norm.ts';
import { selectiveScan, severalTokens } from '#engine/onnx/blocks/selective-scan.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { multiply, quickGelu } from '#engine/onnx/operators.ts';
import { split } from '#engine/onnx/shape-operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import type { MambaArchitecture } from './mamba-architecture.ts';
import type { Mixed, Mixer, MixerState } from './state-space-graph.ts';

/** RMS normalisation of time steps, of what is written and of what is read: of Falcon Mamba, of Jamba with weights. */
type InnerNorm = MambaArchitecture['innerNorm'] | 'rms';

export type MambaMixerShape = Pick<
  MambaArchitecture,
  | 'hiddenSize'
  | 'innerSize'
  | 'stateSize'
  | 'kernelSize'
  | 'stepRank'
  | 'projectionBias'
  | 'convolutionBias'
  | 'innerNormEpsilon'
> & { readonly innerNorm: InnerNorm };

/** E channels with a state of N numbers each, which is carried as [N, E]. */
export const mambaMixer = (shape: MambaMixerShape): Mixer => ({
  state: {
    convolution: [shape.innerSize, shape.kernelSize - 1],
    memory: [shape.stateSize, shape.innerSize],
  },
  prepare(g, tokens) {
    const several = severalTokens(g, tokens);
    return (x, name, past) => emitMixer(g, { x, several }, name, shape, past);
  },
});

function emitMixer(
  g: GraphBuilder,
  { x, several }: { readonly x: Value; readonly several: Value },
  name: string,
  shape: MambaMixerShape,
  past: MixerState<Value>,
): Mixed {
  const { hiddenSize, innerSize, stateSize, stepRank, projectionBias: bias } = shape;
  const both = linear(g, x, `${name}.in_proj`, {
    inputs: hiddenSize,
    outputs: 2 * innerSize,
    bias,
  });
  const [inner, gate] = split(g, both, -1, [innerSize, innerSize]) as readonly [Value, Value];
  const kernel = { kernel: shape.kernelSize, bias: shape.convolutionBias };
  const seen = g.scope('convolution', () =>
    causalConvolution(g, inner, `${name}.conv1d`, kernel, past.convolution),
  );
  const { low, write, read } = selection(g, seen.output, name, shape);
  // An error of a time step is raised to a power by every step that follows, so that 4 bits are too few for these weights.
  const step = fineLinear(g, low, `${name}.dt_proj`, {
    inputs: stepRank,
    outputs: innerSize,
    bias: true,
  });
  const weights = {
    logRate: g.tensor(`${name}.A_log`, [innerSize, stateSize], 'norm'),
    skip: g.tensor(`${name}.D`, [innerSize], 'norm'),
  };
  const scanned = g.scope('scan', () =>
    selectiveScan(g, { x: seen.output, step, write, read, several }, weights, past.memory),
  );
  const gated = multiply(g, scanned.output, quickGelu(g, gate, 1));
  const output = linear(g, gated, `${name}.out_proj`, {
    inputs: innerSize,
    outputs: hiddenSize,
    bias,
  });
  return { output, state: { convolution: seen.state, memory: scanned.state } };
}

/** What time steps are made from [B, T, R], what is written and what is read [B, T, N], from one product. */
function selection(
  g: GraphBuilder,
  x: Value,
  name: string,
  { innerSize, stateSize, stepRank, innerNorm, innerNormEpsilon }: MambaMixerShape,
) {
  const selected = linear(g, x, `${name}.x_proj`, {
    inputs: innerSize,
    outputs: stepRank + 2 * stateSize,
    bias: false,
  });
  const parts = split(g, selected, -1, [stepRank, stateSize, stateSize]);
  const [low, write, read] = parts as readonly [Value, Value, Value];
  const kind = { kind: 'rms', epsilon: innerNormEpsilon } as const;
  const normed = (value: Value, of: string): Value => {
    if (innerNorm === 'none') return value;
    if (innerNorm === 'rms-no-weight') return normWithoutWeight(g, value, kind);
    return norm(g, value, `${name}.${of}_layernorm`, kind);
  };
  return { low: normed(low, 'dt'), write: normed(write, 'b'), read: normed(read, 'c') };
}
