/** The architecture of a decoder-only language model as parameters, by what they are about. */
import type { ParamValues } from '#engine/node/param.ts';
import { attentionParams } from './attention.ts';
import { blockParams } from './block.ts';
import { latentAttentionParams } from './latent-attention.ts';
import { positionParams } from './positions.ts';
import { sizeParams } from './sizes.ts';
import { vocabularyParams } from './vocabulary.ts';

export const architectureParams = {
  ...sizeParams,
  ...blockParams,
  ...latentAttentionParams,
  ...attentionParams,
  ...positionParams,
  ...vocabularyParams,
} as const;

export type DecoderArchitecture = ParamValues<typeof architectureParams>;

/** What a row or a family need not say. */
export const standardArchitecture = Object.fromEntries(
  Object.entries(architectureParams).map(([name, param]) => [name, param.default]),
) as DecoderArchitecture;
