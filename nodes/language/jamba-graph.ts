/** The ONNX graphs of a Jamba: blocks of Mamba with one of attention among several, and experts in some. */
import {
  decoderInput,
  decoderOutput,
  newName,
  pastName,
  segmentDims,
  segmentSymbols,
  type KeyValueTensor,
  type LanguageGraphs,
  type StateTensor,
} from '#engine/node/decoder-protocol.ts';
import { causalAttention } from '#engine/onnx/blocks/causal-attention.ts';
import { chooseBest } from '#engine/onnx/blocks/expert-choice.ts';
import { routerLogits, routeToExperts } from '#engine/onnx/blocks/expert-routing.ts';
import { gatedFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { addAndNorm, norm } from '#engine/onnx/blocks/norm.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import { gather } from '#engine/onnx/shape-operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import { attends, hasExperts, type JambaArchitecture } from './jamba-architecture.ts';
import { embeddingName, finalNormName, headName, jambaLayerNames } from './jamba-names.ts';
import { mambaMixer } from './mamba-mixer.ts';
import { mixerTensors, type Mixer } from './state-space-graph.ts';
import { wholeSight } from './sight.ts';
import { emitEmbedding, emitHead, type Vocabulary } from './vocabulary.ts';

/** Without boundaries all layers hold the same tokens. */
const segment = 0;

const vocabularyOf = (architecture: JambaArchitecture): Vocabulary => ({
  ...architecture,
  embedding: embeddingName,
  head: headName,
  headBias: false,
  projected: null,
  logitScale: 1,
  logitSoftCap: 0,
});

const mixerOf = (architecture: JambaArchitecture): Mixer =>
  mambaMixer({ ...architecture, innerNorm: 'rms', innerNormEpsilon: architecture.normEpsilon });

export function jambaGraphs(
  architecture: JambaArchitecture,
  newGraph: (emit: (g: GraphBuilder) => void) => StageModel,
): LanguageGraphs {
  const { hiddenSize, vocabularySize, contextLength } = architecture;
  return {
    embed: newGraph((g) => emitEmbedding(g, vocabularyOf(architecture))),
    decoder: {
      model: newGraph((g) => emitJamba(g, architecture)),
      state: jambaState(architecture).flat(),
      segments: 1,
      dims: segmentDims,
    },
    hiddenSize,
    vocabularySize,
    contextLength,
    promptAttention: 'causal',
  };
}

type LayerState = readonly [StateTensor, StateTensor];

/** Of each layer: keys and values, or the convolution's inputs and what is remembered. */
function jambaState(architecture: JambaArchitecture): readonly LayerState[] {
  const { layerCount, hiddenSize, headCount, keyValueHeadCount: heads } = architecture;
  const mixer = mixerOf(architecture);
  return Array.from({ length: layerCount }, (_, layer): LayerState => {
    const cache = (part: 'key' | 'value'): KeyValueTensor => ({
      kind: 'key-value',
      name: `${layer}.${part}`,
      heads,
      size: hiddenSize / headCount,
      segment,
    });
    if (attends(architecture, layer)) return [cache('key'), cache('value')];
    const { convolution, memory } = mixerTensors(mixer, layer);
    return [convolution, memory];
  });
}

/** What a layer's mixing adds to the stream, and its state after the new tokens. */
type EmitMixing = (x: Value, layer: number) => { output: Value; state: readonly Value[] };

/**
 * All blocks, driven as engine/node/decoder-protocol.ts says.
 * Taps: `embeddings`, what enters the first block; `block.<layer>`, what leaves a block; `final`.
 */
function emitJamba(g: GraphBuilder, architecture: JambaArchitecture): void {
  const { layerCount, hiddenSize, normEpsilon: epsilon } = architecture;
  const norms = { kind: 'rms', epsilon } as const;
  const embeddings = g.input(decoderInput.embeddings, 'float32', [1, 'sequence', hiddenSize]);
  const logitRows = g.input(decoderInput.logitRows, 'int64', ['rows']);
  const inputNorm = (layer: number): string =>
    layer < layerCount ? jambaLayerNames(layer).inputNorm : finalNormName;

  const state = jambaState(architecture);
  const mix = mixing(g, architecture, state, embeddings);
  let sum = g.tap('embeddings', embeddings);
  let normed = norm(g, sum, inputNorm(0), norms);
  const after: (readonly Value[])[] = [];
  for (let layer = 0; layer < layerCount; layer++) {
    g.scope(`layers.${layer}`, () => {
      const names = jambaLayerNames(layer);
      const mixed = mix(normed, layer);
      after.push(mixed.state);
      ({ sum, normed } = addAndNorm(g, sum, mixed.output, names.feedForwardNorm, norms));
      const branch = emitFeedForward(g, normed, architecture, layer);
      ({ sum, normed } = addAndNorm(g, sum, branch, inputNorm(layer + 1), norms));
      g.tap(`block.${layer}`, sum);
    });
  }
  g.tap('final', normed);
  const last = gather(g, normed, logitRows, 1);
  g.output(
    decoderOutput.logits,
    g.scope('head', () => emitHead(g, last, vocabularyOf(architecture))),
  );
  const fresh = after.flat();
  for (const [index, tensor] of state.flat().entries())
    g.output(newName(tensor), fresh[index] as Value);
}

/** Attention without positions, or Mamba with norms inside, by layer. */
function mixing(
  g: GraphBuilder,
  architecture: JambaArchitecture,
  state: readonly LayerState[],
  embeddings: Value,
): EmitMixing {
  const positions = g.input(decoderInput.positions, 'int64', [1, 'sequence']);
  const fused = g.input(decoderInput.fused, 'bool', []);
  const length = g.input(decoderInput.cachedLength(segment), 'int64', []);
  const { capacity } = segmentSymbols(segment);
  const pastOf = (tensor: StateTensor): Value =>
    g.input(
      pastName(tensor),
      'float32',
      tensor.kind === 'recurrent' ? tensor.shape : [1, tensor.heads, capacity, tensor.size],
    );
  const past = state.map(([first, second]) => [pastOf(first), pastOf(second)] as const);
  const firstAttending = state.findIndex((_, layer) => attends(architecture, layer));
  const [anyKey] = past[firstAttending] as readonly [Value, Value];
  const seen = wholeSight(g, { segment, key: anyKey, length, positions, fused, together: null });
  const headSize = architecture.hiddenSize / architecture.headCount;
  const shape = {
    ...architecture,
    promptAttention: 'causal',
    headSize,
    queryKeyValueBias: false,
    outputBias: false,
    queryKeyValueClip: 0,
    queryKeyNorm: 'none',
    norm: 'rms',
    scale: headSize ** -0.5,
    softCap: 0,
    turning: null,
    linearBiases: false,
  } as const;
  const emitMixer = mixerOf(architecture).prepare(g, embeddings);
  return (x, layer) => {
    const names = jambaLayerNames(layer);
    const [first, second] = past[layer] as readonly [Value, Value];
    if (attends(architecture, layer)) {
      const cached = { ...seen, key: first, value: second };
      const { output, kept } = g.scope('attention', () =>
        causalAttention(g, x, names.attention, shape, cached, positions),
      );
      return { output, state: kept };
    }
    const mixed = g.scope('mixer', () =>
      emitMixer(x, names.mixer, { convolution: first, memory: second }),
    );
    return { output: mixed.output, state: [mixed.state.convolution, mixed.state.memory] };
  };
}

/** x [1, T, D] → [1, T, D]; the weights of chosen experts stay as the softmax over all gives them. */
function emitFeedForward(
  g: GraphBuilder,
  x: Value,
  architecture: JambaArchitecture,
  layer: number,
): Value {
  const names = jambaLayerNames(layer);
  const { experts, expertsPerToken: topK } = architecture;
  const shape = { ...architecture, activation: 'silu', bias: false } as const;
  if (!hasExperts(architecture, layer))
    return g.scope('mlp', () => gatedFeedForward(g, x, names.feedForward, shape));
  return g.scope('moe', () =>
    routeToExperts(g, x, {
      experts,
      topK,
      choose: (logits) => chooseBest(g, logits, { topK, renormalise: false }),
      router: (rows) => routerLogits(g, rows, names.router, experts),
      expert: (index, rows) => gatedFeedForward(g, rows, names.expert(index), shape),
    }),
  );
}
