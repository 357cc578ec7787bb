/** The ONNX graphs of a Mamba language model: the embedding table, and all of its blocks. */
import {
  decoderInput,
  decoderOutput,
  newName,
  pastName,
  segmentDims,
  type LanguageGraphs,
  type RecurrentTensor,
} from '#engine/node/decoder-protocol.ts';
import { causalConvolution } from '#engine/onnx/blocks/causal-convolution.ts';
import { exactLinear, linear } from '#engine/onnx/blocks/linear.ts';
import { addAndNorm, norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { selectiveScan, severalTokens } from '#engine/onnx/blocks/selective-scan.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { multiply, quickGelu } from '#engine/onnx/operators.ts';
import { gather, split } from '#engine/onnx/shape-operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import type { MambaArchitecture } from './mamba-architecture.ts';
import {
  embeddingName,
  finalNormName,
  headName,
  mambaLayerNames,
  type MambaLayerNames,
} from './mamba-names.ts';
import { emitEmbedding, emitHead, type Vocabulary } from './vocabulary.ts';

/** A state does not grow, so that nothing but the answer's own limit ends a sequence. */
const unbounded = Number.MAX_SAFE_INTEGER;

const vocabularyOf = (architecture: MambaArchitecture): Vocabulary => ({
  ...architecture,
  embedding: embeddingName,
  head: headName,
  headBias: false,
  projected: null,
  logitScale: 1,
  logitSoftCap: 0,
});

export function mambaGraphs(
  architecture: MambaArchitecture,
  newGraph: (emit: (g: GraphBuilder) => void) => StageModel,
): LanguageGraphs {
  const { hiddenSize, vocabularySize, layerCount } = architecture;
  return {
    embed: newGraph((g) => emitEmbedding(g, vocabularyOf(architecture))),
    decoder: {
      model: newGraph((g) => emitMamba(g, architecture)),
      state: Array.from({ length: layerCount }, (_, layer) =>
        layerState(architecture, layer),
      ).flat(),
      segments: 1,
      dims: segmentDims,
    },
    hiddenSize,
    vocabularySize,
    contextLength: unbounded,
    promptAttention: 'causal',
  };
}

/** The inputs that a layer's convolution still sees, and what its channels remember. */
function layerState(
  { innerSize, kernelSize, stateSize }: MambaArchitecture,
  layer: number,
): readonly [RecurrentTensor, RecurrentTensor] {
  return [
    { kind: 'recurrent', name: `${layer}.convolution`, shape: [1, innerSize, kernelSize - 1] },
    { kind: 'recurrent', name: `${layer}.memory`, shape: [1, stateSize, innerSize] },
  ];
}

/**
 * All blocks, driven as engine/node/decoder-protocol.ts says.
 * Taps: `embeddings`, what enters the first block; `block.<layer>`, what leaves a block; `final`.
 */
export function emitMamba(g: GraphBuilder, architecture: MambaArchitecture): void {
  const { hiddenSize, layerCount } = architecture;
  const norms: Norm = { kind: architecture.norm, epsilon: architecture.normEpsilon };
  const embeddings = g.input(decoderInput.embeddings, 'float32', [1, 'sequence', hiddenSize]);
  const logitRows = g.input(decoderInput.logitRows, 'int64', ['rows']);
  const normName = (layer: number): string =>
    layer < layerCount ? mambaLayerNames(layer).norm : finalNormName;

  const several = severalTokens(g, embeddings);
  let sum = g.tap('embeddings', embeddings);
  let normed = norm(g, sum, normName(0), norms);
  const after: (readonly [RecurrentTensor, Value])[] = [];
  for (let layer = 0; layer < layerCount; layer++) {
    g.scope(`layers.${layer}`, () => {
      const [convolved, memory] = layerState(architecture, layer);
      const past: MixerState = { convolved: pastOf(g, convolved), memory: pastOf(g, memory) };
      const mixed = g.scope('mixer', () =>
        emitMixer(g, { x: normed, several }, mambaLayerNames(layer), architecture, past),
      );
      after.push([convolved, mixed.state.convolved], [memory, mixed.state.memory]);
      ({ sum, normed } = addAndNorm(g, sum, mixed.output, normName(layer + 1), norms));
      g.tap(`block.${layer}`, sum);
    });
  }
  g.tap('final', normed);
  const last = gather(g, normed, logitRows, 1);
  g.output(
    decoderOutput.logits,
    g.scope('head', () => emitHead(g, last, vocabularyOf(architecture))),
  );
  for (const [tensor, value] of after) g.output(newName(tensor), value);
}

const pastOf = (g: GraphBuilder, tensor: RecurrentTensor): Value =>
  g.input(pastName(tensor), 'float32', tensor.shape);

export interface MixerState {
  /** The last inputs of the convolution. [B, E, kernel − 1] */
  readonly convolved: Value;
  /** [B, N, E] */
  readonly memory: Value;
}

/** What a Mamba block adds to the residual stream. x [B, T, D] → [B, T, D] */
export function emitMixer(
  g: GraphBuilder,
  { x, several }: { readonly x: Value; readonly several: Value },
  names: MambaLayerNames,
  architecture: MambaArchitecture,
  past: MixerState,
): { readonly output: Value; readonly state: MixerState } {
  const { hiddenSize, innerSize, stateSize, stepRank, projectionBias } = architecture;
  const bias = projectionBias;
  const both = linear(g, x, names.inputProjection, {
    inputs: hiddenSize,
    outputs: 2 * innerSize,
    bias,
  });
  const [inner, gate] = split(g, both, -1, [innerSize, innerSize]) as readonly [Value, Value];
  const kernel = { kernel: architecture.kernelSize, bias: architecture.convolutionBias };
  const seen = g.scope('convolution', () =>
    causalConvolution(g, inner, names.convolution, kernel, past.convolved),
  );
  const selected = linear(g, seen.output, names.selection, {
    inputs: innerSize,
    outputs: stepRank + 2 * stateSize,
    bias: false,
  });
  const [low, write, read] = split(g, selected, -1, [stepRank, stateSize, stateSize]) as readonly [
    Value,
    Value,
    Value,
  ];
  // An error of a time step is raised to a power by every step that follows, so that these weights stay exact.
  const step = exactLinear(g, low, names.stepProjection, {
    inputs: stepRank,
    outputs: innerSize,
    bias: true,
  });
  const weights = {
    logRate: g.tensor(names.logRate, [innerSize, stateSize], 'norm'),
    skip: g.tensor(names.skip, [innerSize], 'norm'),
  };
  const scanned = g.scope('scan', () =>
    selectiveScan(g, { x: seen.output, step, write, read, several }, weights, past.memory),
  );
  const gated = multiply(g, scanned.output, quickGelu(g, gate, 1));
  const output = linear(g, gated, names.outputProjection, {
    inputs: innerSize,
    outputs: hiddenSize,
    bias,
  });
  return { output, state: { convolved: seen.state, memory: scanned.state } };
}
