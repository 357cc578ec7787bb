/** The architecture of a Mamba language model as parameters: one table row a published model. */
import {
  choice,
  decimal,
  flag,
  modelParam,
  option,
  size,
} from '#engine/node/architecture-params.ts';
import type { ParamValues } from '#engine/node/param.ts';

const architectureParams = {
  vocabularySize: size('Vocabulary', 'Rows of the embedding table, padding included.', 50_280, 1e6),
  hiddenSize: size('Hidden size', 'Channels of a token.', 768, 65_536),
  layerCount: size('Layers', 'Mamba blocks.', 24, 512),
  innerSize: size('Inner size', 'Channels inside a block, each with a state.', 1536, 262_144),
  stateSize: size('State size', 'Numbers that each channel remembers.', 16, 1024),
  kernelSize: size('Convolution kernel', 'Tokens that the convolution sees.', 4, 64),
  stepRank: size('Time step rank', 'Channels from which the time steps are made.', 48, 65_536),
  projectionBias: flag(
    'Projection bias',
    'The projections into and out of a block add one.',
    false,
  ),
  convolutionBias: flag('Convolution bias', 'The convolution adds one.', true),
  norm: choice('Norm', 'Normalisation before each block.', 'rms', [
    option('rms', 'RMSNorm'),
    option('layer', 'LayerNorm'),
  ]),
  normEpsilon: decimal('Norm epsilon', 'Added to the variance.', 1e-5, 1e-12, 1),
  tiedEmbeddings: flag('Tied embeddings', 'The head reuses the embedding table.', true),
} as const;

export type MambaArchitecture = ParamValues<typeof architectureParams>;

/** By hidden size and layers; what else there is follows from these in every published one. */
const published = (label: string, hiddenSize: number, layerCount: number) => ({
  label,
  architecture: {
    vocabularySize: 50_280,
    hiddenSize,
    layerCount,
    innerSize: 2 * hiddenSize,
    stateSize: 16,
    kernelSize: 4,
    stepRank: automaticStepRank(hiddenSize),
    projectionBias: false,
    convolutionBias: true,
    norm: 'rms',
    normEpsilon: 1e-5,
    tiedEmbeddings: true,
  } satisfies MambaArchitecture,
});

export const publishedMambas = {
  'mamba-130m': published('Mamba 130M', 768, 24),
  'mamba-370m': published('Mamba 370M', 1024, 48),
  'mamba-790m': published('Mamba 790M', 1536, 48),
  'mamba-1.4b': published('Mamba 1.4B', 2048, 48),
  'mamba-2.8b': published('Mamba 2.8B', 2560, 64),
} as const;

export type PublishedMamba = keyof typeof publishedMambas;

export const mambaParams = {
  model: modelParam(publishedMambas, 'mamba-130m'),
  ...architectureParams,
} as const;

export type MambaParams = ParamValues<typeof mambaParams>;

export function mambaArchitecture(values: MambaParams): MambaArchitecture {
  return values.model === 'custom' ? values : publishedMambas[values.model].architecture;
}

/** What "auto" stands for in configurations. */
export function automaticStepRank(hiddenSize: number): number {
  return Math.ceil(hiddenSize / 16);
}
