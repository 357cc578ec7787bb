/** What the architectures of all state-space language models have, as parameters. */
import { choice, decimal, flag, option, size } from '#engine/node/architecture-params.ts';
import type { ParamValues } from '#engine/node/param.ts';

/** Where state and vocabulary differ from one kind of model to the other, so do the values a custom one starts from. */
export const stateSpaceParams = (standard: {
  readonly vocabularySize: number;
  readonly stateSize: number;
}) =>
  ({
    vocabularySize: size(
      'Vocabulary',
      'Rows of the embedding table, padding included.',
      standard.vocabularySize,
      1e6,
    ),
    hiddenSize: size('Hidden size', 'Channels of a token.', 768, 65_536),
    layerCount: size('Layers', 'Mamba blocks.', 24, 512),
    innerSize: size('Inner size', 'Channels inside a block, each with a state.', 1536, 262_144),
    stateSize: size('State size', 'Numbers that each channel remembers.', standard.stateSize, 1024),
    kernelSize: size('Convolution kernel', 'Tokens that the convolution sees.', 4, 64),
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
  }) as const;

export type StateSpaceArchitecture = ParamValues<ReturnType<typeof stateSpaceParams>>;

/** What follows from hidden size and layers in every model that its authors published. */
export const publishedStateSpace = (hiddenSize: number, layerCount: number) =>
  ({
    hiddenSize,
    layerCount,
    innerSize: 2 * hiddenSize,
    kernelSize: 4,
    projectionBias: false,
    convolutionBias: true,
    norm: 'rms',
    normEpsilon: 1e-5,
    tiedEmbeddings: true,
  }) as const satisfies Partial<StateSpaceArchitecture>;
