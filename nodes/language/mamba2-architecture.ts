/** The architecture of a Mamba-2 language model as parameters: one table row a published model. */
import { error, type Problem } from '#engine/contract/problem.ts';
import { modelParam, size } from '#engine/node/architecture-params.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { publishedStateSpace, stateSpaceParams } from './state-space-architecture.ts';

const architectureParams = {
  ...stateSpaceParams({ vocabularySize: 50_288, stateSize: 128 }),
  headSize: size('Head size', 'Channels that fade together, as one head.', 64, 4096),
  groupCount: size(
    'Groups',
    'Groups of heads; those of one share what is written along and read along.',
    1,
    4096,
  ),
  normGroupCount: size(
    'Groups of the gated norm',
    'Groups of channels that are normalised each by itself, behind the gate.',
    1,
    4096,
  ),
} as const;

export type Mamba2Architecture = ParamValues<typeof architectureParams>;

/** By hidden size and layers; what else there is follows from these in every published one. */
const published = (label: string, hiddenSize: number, layerCount: number) => ({
  label,
  architecture: {
    ...publishedStateSpace(hiddenSize, layerCount),
    vocabularySize: 50_288,
    stateSize: 128,
    headSize: 64,
    groupCount: 1,
    normGroupCount: 1,
  } satisfies Mamba2Architecture,
});

export const publishedMamba2s = {
  'mamba2-130m': published('Mamba-2 130M', 768, 24),
  'mamba2-370m': published('Mamba-2 370M', 1024, 48),
  'mamba2-780m': published('Mamba-2 780M', 1536, 48),
  'mamba2-1.3b': published('Mamba-2 1.3B', 2048, 48),
  'mamba2-2.7b': published('Mamba-2 2.7B', 2560, 64),
} as const;

export type PublishedMamba2 = keyof typeof publishedMamba2s;

export const mamba2Params = {
  model: modelParam(publishedMamba2s, 'mamba2-130m', ({ architecture }) => architecture),
  ...architectureParams,
} as const;

export type Mamba2Params = ParamValues<typeof mamba2Params>;

export function mamba2Architecture(values: Mamba2Params): Mamba2Architecture {
  return values.model === 'custom' ? values : publishedMamba2s[values.model].architecture;
}

/** Why no graph can be built of an architecture; null where one can. */
export function mamba2Problem({
  innerSize,
  headSize,
  groupCount,
  normGroupCount,
}: Mamba2Architecture): Problem | null {
  const refusal = (message: string, param: string) =>
    error('arrangement-unsupported', message, { param });
  if (innerSize % headSize !== 0) {
    const message = `${innerSize} inner channels do not divide into heads of ${headSize}; choose a head size that divides them.`;
    return refusal(message, 'headSize');
  }
  const headCount = innerSize / headSize;
  if (headCount % groupCount !== 0) {
    const message = `${headCount} heads do not divide into ${groupCount} groups; choose a number of groups that divides the heads.`;
    return refusal(message, 'groupCount');
  }
  if (innerSize % normGroupCount !== 0) {
    const message = `${innerSize} inner channels do not divide into ${normGroupCount} groups of the norm; choose a number that divides them.`;
    return refusal(message, 'normGroupCount');
  }
  return null;
}
