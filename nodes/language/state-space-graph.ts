/** The ONNX graphs of a language model of state-space blocks: the embedding table, and all of the blocks. */
import {
  pastName,
  type LanguageGraphs,
  type RecurrentTensor,
} from '#engine/node/decoder-protocol.ts';
import { addAndNorm, norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import type { Value } from '#engine/onnx/value.ts';
import { recurrentGraphs, type RecurrentModel, type RecurrentPass } from './recurrent-graphs.ts';
import type { StateSpaceArchitecture } from './state-space-architecture.ts';
import { blockNames, embeddingName, finalNormName, headName } from './state-space-names.ts';

/** What a block carries from token to token, one tensor each. */
export interface MixerState<Item> {
  /** The last inputs of the convolution. [B, channels, kernel − 1] */
  readonly convolution: Item;
  /** What the scan remembers. [B, ..] */
  readonly memory: Item;
}

export interface Mixed {
  /** [B, T, D] */
  readonly output: Value;
  readonly state: MixerState<Value>;
}

/** What a block adds to the residual stream x [B, T, D]; `name` is what the names of its weights begin with. */
export type EmitMixer = (x: Value, name: string, past: MixerState<Value>) => Mixed;

/** What is peculiar to one kind of block. */
export interface Mixer {
  /** Shapes of the state of one sequence. */
  readonly state: MixerState<readonly number[]>;
  /** Builds what all blocks of a graph share, such as whether `tokens` [B, T, D] are several. */
  readonly prepare: (g: GraphBuilder, tokens: Value) => EmitMixer;
}

export function stateSpaceGraphs(
  architecture: StateSpaceArchitecture,
  mixer: Mixer,
  newGraph: (emit: (g: GraphBuilder) => void) => StageModel,
): LanguageGraphs {
  const layers = Array.from({ length: architecture.layerCount }, (_, layer) =>
    mixerTensors(mixer, layer),
  );
  const model: RecurrentModel = {
    words: { ...architecture, embedding: embeddingName, head: headName },
    state: layers.flatMap(({ convolution, memory }) => [convolution, memory]),
    emit: (g, embeddings) => emitBlocks(g, embeddings, architecture, mixer),
  };
  return recurrentGraphs(model, newGraph);
}

/** The state of a layer of one sequence, as the protocol carries it. */
export function mixerTensors({ state }: Mixer, layer: number): MixerState<RecurrentTensor> {
  const tensor = (part: keyof typeof state): RecurrentTensor => ({
    kind: 'recurrent',
    name: `${layer}.${part}`,
    shape: [1, ...state[part]],
  });
  return { convolution: tensor('convolution'), memory: tensor('memory') };
}

/**
 * All blocks, driven as engine/node/decoder-protocol.ts says.
 * Taps: `embeddings`, what enters the first block; `block.<layer>`, what leaves a block; `final`.
 */
function emitBlocks(
  g: GraphBuilder,
  embeddings: Value,
  architecture: StateSpaceArchitecture,
  mixer: Mixer,
): RecurrentPass {
  const { layerCount } = architecture;
  const norms: Norm = { kind: architecture.norm, epsilon: architecture.normEpsilon };
  const normName = (layer: number): string =>
    layer < layerCount ? blockNames(layer).norm : finalNormName;

  const emitMixer = mixer.prepare(g, embeddings);
  let sum = g.tap('embeddings', embeddings);
  let normed = norm(g, sum, normName(0), norms);
  const after: (readonly [RecurrentTensor, Value])[] = [];
  for (let layer = 0; layer < layerCount; layer++) {
    g.scope(`layers.${layer}`, () => {
      const { convolution, memory } = mixerTensors(mixer, layer);
      const past = { convolution: pastOf(g, convolution), memory: pastOf(g, memory) };
      const { output, state } = g.scope('mixer', () =>
        emitMixer(normed, blockNames(layer).mixer, past),
      );
      after.push([convolution, state.convolution], [memory, state.memory]);
      ({ sum, normed } = addAndNorm(g, sum, output, normName(layer + 1), norms));
      g.tap(`block.${layer}`, sum);
    });
  }
  return { final: g.tap('final', normed), state: after };
}

const pastOf = (g: GraphBuilder, tensor: RecurrentTensor): Value =>
  g.input(pastName(tensor), 'float32', tensor.shape);
