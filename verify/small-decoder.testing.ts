/** Test support: small decoders of every family's shape, with known weights. */
import type { DecoderParts } from '#nodes/language/decoder-graph.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { BoundaryPart } from '#engine/node/part.ts';
import type { LanguageGraphs } from '#engine/node/decoder-protocol.ts';
import {
  standardArchitecture,
  type DecoderArchitecture,
} from '#nodes/language/architecture/decoder-architecture.ts';
import { decoderGraphs, emitDecoder } from '#nodes/language/decoder-graph.ts';
import { decoderKeyLayouts } from '#nodes/language/decoder-names.ts';
import { LanguageModel } from '#host/language/language-model.ts';
import type { Session } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import type { NodeBench } from './node-bench.testing.ts';
import { valueOf } from './value-of.testing.ts';

const base: DecoderArchitecture = {
  ...standardArchitecture,
  vocabularySize: 97,
  hiddenSize: 32,
  layerCount: 3,
  headCount: 4,
  keyValueHeadCount: 4,
  headSize: 8,
  feedForwardSize: 48,
  contextLength: 128,
};

const plain: DecoderArchitecture = {
  ...base,
  gated: false,
  activation: 'gelu-tanh',
  norm: 'layer',
  queryKeyValueBias: true,
  outputBias: true,
  feedForwardBias: true,
};

const phi: DecoderArchitecture = {
  ...plain,
  block: 'parallel',
  headBias: true,
  rotaryFraction: 0.5,
};

const latent = {
  attention: 'latent',
  keyValueRank: 18,
  headSize: 14,
  rotaryHeadSize: 6,
  valueHeadSize: 10,
} as const;

/** By what is special about each. */
export const smallDecoders = {
  'llama, grouped queries': { ...base, keyValueHeadCount: 2 },
  'qwen2, tied embeddings': {
    ...base,
    queryKeyValueBias: true,
    tiedEmbeddings: true,
    keyValueHeadCount: 1,
  },
  'phi, parallel': phi,
  'phi, norm of queries and keys': { ...phi, queryKeyNorm: 'shared-layer', keyValueHeadCount: 2 },
  'gemma, 1 + weight, wide heads': {
    ...base,
    norm: 'rms-one-plus',
    activation: 'gelu-tanh',
    tiedEmbeddings: true,
    keyValueHeadCount: 1,
    headSize: 16,
    embeddingScale: Math.sqrt(32),
  },
  'stablelm, norm of each head': {
    ...base,
    norm: 'layer',
    rotaryFraction: 0.25,
    block: 'parallel',
    queryKeyNorm: 'head-layer',
    keyValueHeadCount: 2,
  },
  'heads of 10, yarn': {
    ...base,
    headSize: 10,
    keyValueHeadCount: 2,
    rotaryScaling: 'yarn',
    rotaryFactor: 4,
    rotaryTrainedContext: 32,
  },
  'minicpm3, latents': { ...base, ...latent, queryRank: 12 },
  'deepseek-v2, latents, neighbours turned': {
    ...base,
    ...latent,
    valueHeadSize: 20,
    rotaryPairing: 'neighbours',
    residualScale: 0.8,
  },
  'qwen2-vl, positions of three parts': {
    ...base,
    keyValueHeadCount: 2,
    positions: 'grid-rotary',
    timePairs: 1,
    rowPairs: 1,
    clipStep: 2,
  },
  'mistral, a window of 5': { ...base, keyValueHeadCount: 2, attentionWindow: 5 },
  'gemma 3, windows of 6 in two layers of three': {
    ...base,
    norm: 'rms-one-plus',
    normPlacement: 'around',
    activation: 'gelu-tanh',
    keyValueHeadCount: 1,
    headSize: 16,
    queryKeyNorm: 'head-rms',
    embeddingScale: Math.sqrt(32),
    scaledEmbeddings: 'words',
    attentionSoftCap: 3,
    attentionWindow: 6,
    fullAttentionEvery: 3,
    windowRotaryBase: 100,
    windowRotaryScaling: false,
    rotaryScaling: 'linear',
    rotaryFactor: 8,
  },
  'gpt2, learned positions': { ...plain, positions: 'learned', tiedEmbeddings: true },
  'opt, norms behind sums, narrow embeddings': {
    ...plain,
    positions: 'learned',
    positionOffset: 2,
    normPlacement: 'behind-sum',
    embeddingSize: 16,
  },
  'bloom, linear biases': { ...plain, positions: 'alibi', embeddingNorm: true },
  'neox, two norms side by side': { ...plain, block: 'parallel-two-norms', rotaryFraction: 0.25 },
  'gemma 2, norms around, soft caps': {
    ...base,
    norm: 'rms-one-plus',
    normPlacement: 'around',
    attentionSoftCap: 2,
    attentionScale: 0.4,
    logitSoftCap: 5,
    keyValueHeadCount: 2,
  },
  'olmo 2, norms behind': { ...base, normPlacement: 'behind', queryKeyNorm: 'whole-rms' },
  'olmo, no weights in norms, clipped': { ...base, norm: 'layer-plain', queryKeyValueClip: 1 },
  'granite, scaled sums': {
    ...base,
    embeddingScale: 3,
    residualScale: 0.6,
    logitScale: 1.5,
    queryKeyNorm: 'head-rms',
  },
  'smollm3, layers without positions': { ...base, unrotatedEvery: 2, keyValueHeadCount: 2 },
  'phi3, longrope': {
    ...base,
    rotaryScaling: 'longrope',
    rotaryFactor: 4,
    rotaryTrainedContext: 200,
    rotaryShortFactors: '1 1.2 1.4 1.6',
    rotaryLongFactors: '2 3 4 5',
  },
  'heads of 7, which is odd': { ...base, headSize: 7, keyValueHeadCount: 2 },
} as const satisfies Record<string, DecoderArchitecture>;

/** Graphs with weights from a folder, which need not exist yet. */
export function smallModels(
  architecture: DecoderArchitecture,
  folder: string,
  parts: Partial<DecoderParts> = {},
  taps: readonly string[] = [],
): LanguageGraphs {
  const source = { kind: 'checkpoint', folder } as const;
  const setting = {
    origin: { node: 'decoder', source, layouts: decoderKeyLayouts(architecture) },
    blocks: null,
  };
  const graph = (emit: (g: GraphBuilder) => void) => {
    const g = new GraphBuilder();
    g.weightsFrom(setting, () => emit(g));
    return g.finish();
  };
  const all = { boundaries: [], feedForwards: [], ...parts };
  const graphs = decoderGraphs(architecture, all, graph);
  const model = graph((g) => {
    emitDecoder(g, architecture, all);
    for (const name of taps) g.output(`tap.${name}`, g.tapped(name));
  });
  return { ...graphs, decoder: { ...graphs.decoder, model } };
}

/** A new folder with known weights for an architecture without parts. */
export async function writeSmallDecoder(
  bench: NodeBench,
  architecture: DecoderArchitecture,
  seed = 1,
): Promise<string> {
  const folder = await bench.newFolder();
  const { embed, decoder } = smallModels(architecture, folder);
  await writeKnownWeights(folder, [embed, decoder.model], seed);
  return folder;
}

export interface SmallDecoder {
  readonly model: LanguageModel;
  readonly embed: Session;
  readonly decoder: Session;
}

export async function openSmallDecoder(
  bench: NodeBench,
  graphs: LanguageGraphs,
  boundaries: readonly BoundaryPart[] = [],
): Promise<SmallDecoder> {
  const embed = valueOf(await bench.workbench.session(graphs.embed));
  const decoder = valueOf(await bench.workbench.session(graphs.decoder.model));
  return { model: new LanguageModel(graphs, boundaries, embed, decoder), embed, decoder };
}
