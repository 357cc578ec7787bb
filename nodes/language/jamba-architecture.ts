/** The architecture of a Jamba as parameters: one table row a published model. */
import { error, type Problem } from '#engine/contract/problem.ts';
import { decimal, flag, modelParam, size } from '#engine/node/architecture-params.ts';
import type { ParamValues } from '#engine/node/param.ts';

/** Counted from 0. */
const offset = (label: string, help: string, standard: number) => ({
  ...size(label, help, standard, 512),
  min: 0,
});

const architectureParams = {
  vocabularySize: size('Vocabulary', 'Rows of the embedding table.', 65_536, 1e6),
  hiddenSize: size('Hidden size', 'Channels of a token.', 4096, 65_536),
  layerCount: size('Layers', 'Blocks, of Mamba or of attention.', 32, 512),
  feedForwardSize: size('Feed-forward size', 'Channels inside each.', 14_336, 262_144),
  contextLength: size('Context', 'Tokens at most.', 262_144, 1e7, 'tokens'),
  attentionPeriod: size('Attention period', 'One of so many layers attends.', 8, 512),
  attentionOffset: offset('Attention offset', 'The first that attends, from 0.', 4),
  headCount: size('Heads', 'Attention heads.', 32, 1024),
  keyValueHeadCount: size('Key/value heads', 'Heads of keys and values.', 8, 1024),
  expertPeriod: size('Expert period', 'One of so many layers has experts.', 2, 512),
  expertOffset: offset('Expert offset', 'The first that has experts, from 0.', 1),
  experts: size('Experts', 'Feed-forwards to choose from; 1 has none to choose.', 16, 256),
  expertsPerToken: size('Experts a token', 'How many experts compute each token.', 2, 256),
  innerSize: size('Inner size', 'Channels inside a Mamba block.', 8192, 262_144),
  stateSize: size('State size', 'Numbers that each of them remembers.', 16, 1024),
  kernelSize: size('Convolution kernel', 'Tokens that the convolution sees.', 4, 64),
  stepRank: size('Time step rank', 'Channels from which time steps are made.', 256, 65_536),
  projectionBias: flag(
    'Projection bias',
    'Projections into and out of a Mamba block add one.',
    false,
  ),
  convolutionBias: flag('Convolution bias', 'The convolution adds one.', true),
  normEpsilon: decimal('Norm epsilon', 'Added to the mean square.', 1e-6, 1e-12, 1),
  tiedEmbeddings: flag('Tied embeddings', 'The head reuses the embedding table.', false),
} as const;

export type JambaArchitecture = ParamValues<typeof architectureParams>;

export const publishedJambas = {
  'jamba-v0.1': {
    label: 'Jamba v0.1',
    architecture: {
      vocabularySize: 65_536,
      hiddenSize: 4096,
      layerCount: 32,
      feedForwardSize: 14_336,
      contextLength: 262_144,
      attentionPeriod: 8,
      attentionOffset: 4,
      headCount: 32,
      keyValueHeadCount: 8,
      expertPeriod: 2,
      expertOffset: 1,
      experts: 16,
      expertsPerToken: 2,
      innerSize: 8192,
      stateSize: 16,
      kernelSize: 4,
      stepRank: 256,
      projectionBias: false,
      convolutionBias: true,
      normEpsilon: 1e-6,
      tiedEmbeddings: false,
    } satisfies JambaArchitecture,
  },
} as const;

export type PublishedJamba = keyof typeof publishedJambas;

export const jambaParams = {
  model: modelParam(publishedJambas, 'jamba-v0.1', ({ architecture }) => architecture),
  ...architectureParams,
} as const;

export type JambaParams = ParamValues<typeof jambaParams>;

export function jambaArchitecture(values: JambaParams): JambaArchitecture {
  return values.model === 'custom' ? values : publishedJambas[values.model].architecture;
}

export const attends = (architecture: JambaArchitecture, layer: number): boolean =>
  layer % architecture.attentionPeriod === architecture.attentionOffset;

export const hasExperts = (architecture: JambaArchitecture, layer: number): boolean =>
  architecture.experts > 1 && layer % architecture.expertPeriod === architecture.expertOffset;

/** Why no graph can be built of an architecture; null where one can. */
export function jambaProblem(architecture: JambaArchitecture): Problem | null {
  const { hiddenSize, headCount, keyValueHeadCount, experts, expertsPerToken } = architecture;
  const refusal = (message: string, param: string) =>
    error('arrangement-unsupported', message, { param });
  const layers = Array.from({ length: architecture.layerCount }, (_, layer) => layer);
  if (!layers.some((layer) => attends(architecture, layer)))
    return refusal(
      `None of the ${architecture.layerCount} layers attends; choose an attention offset below the period and the number of layers, or the node "Mamba".`,
      'attentionOffset',
    );
  if (hiddenSize % headCount !== 0)
    return refusal(
      `${hiddenSize} channels do not divide into ${headCount} heads; choose a number of heads that divides them.`,
      'headCount',
    );
  if (headCount % keyValueHeadCount !== 0)
    return refusal(
      `${headCount} heads do not divide into ${keyValueHeadCount} groups; choose key/value heads that divide the heads.`,
      'keyValueHeadCount',
    );
  if (experts > 1 && expertsPerToken > experts)
    return refusal(
      `A token cannot go to ${expertsPerToken} of ${experts} experts; set experts a token to ${experts} or fewer.`,
      'expertsPerToken',
    );
  return null;
}
