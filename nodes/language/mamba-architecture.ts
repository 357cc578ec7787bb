/** The architecture of a Mamba language model as parameters: one table row a published model. */
import { choice, decimal, modelParam, option, size } from '#engine/node/architecture-params.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { publishedStateSpace, stateSpaceParams } from './state-space-architecture.ts';

const architectureParams = {
  ...stateSpaceParams({ vocabularySize: 50_280, stateSize: 16 }),
  stepRank: size('Time step rank', 'Channels from which the time steps are made.', 48, 65_536),
  innerNorm: choice(
    'Inner norm',
    'Normalisation of what time steps are made from, of what is written and of what is read.',
    'none',
    [option('none', 'None'), option('rms-no-weight', 'RMS, no weight (Falcon)')],
  ),
  innerNormEpsilon: decimal('Inner norm epsilon', 'Added to the mean square.', 1e-6, 1e-12, 1),
} as const;

export type MambaArchitecture = ParamValues<typeof architectureParams>;

/** By hidden size and layers; what else there is follows from these in every one of its authors. */
const published = (label: string, hiddenSize: number, layerCount: number) => ({
  label,
  architecture: {
    ...publishedStateSpace(hiddenSize, layerCount),
    vocabularySize: 50_280,
    stateSize: 16,
    stepRank: automaticStepRank(hiddenSize),
    innerNorm: 'none',
    innerNormEpsilon: 1e-6,
  } satisfies MambaArchitecture,
});

const falcon = (label: string, innerNormEpsilon: number) => ({
  label,
  architecture: {
    ...published(label, 4096, 64).architecture,
    vocabularySize: 65_024,
    tiedEmbeddings: false,
    innerNorm: 'rms-no-weight',
    innerNormEpsilon,
  } satisfies MambaArchitecture,
});

export const publishedMambas = {
  'mamba-130m': published('Mamba 130M', 768, 24),
  'mamba-370m': published('Mamba 370M', 1024, 48),
  'mamba-790m': published('Mamba 790M', 1536, 48),
  'mamba-1.4b': published('Mamba 1.4B', 2048, 48),
  'mamba-2.8b': published('Mamba 2.8B', 2560, 64),
  'falcon-mamba-7b': falcon('Falcon Mamba 7B', 1e-6),
  'falcon3-mamba-7b': falcon('Falcon3 Mamba 7B', 1e-5),
} as const;

export type PublishedMamba = keyof typeof publishedMambas;

export const mambaParams = {
  model: modelParam(publishedMambas, 'mamba-130m', ({ architecture }) => architecture),
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
