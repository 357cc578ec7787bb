/** The architecture of a decoder-only language model as parameters, by what they are about. */
import type { ParamValues } from '#engine/node/param.ts';
import { attentionParams } from './architecture/attention.ts';
import { blockParams } from './architecture/block.ts';
import { latentAttentionParams } from './architecture/latent-attention.ts';
import { positionParams } from './architecture/positions.ts';
import { sizeParams } from './architecture/sizes.ts';
import { vocabularyParams } from './architecture/vocabulary.ts';

export const architectureParams = {
  ...sizeParams,
  ...blockParams,
  ...attentionParams,
  ...latentAttentionParams,
  ...positionParams,
  ...vocabularyParams,
} as const;

export type DecoderArchitecture = ParamValues<typeof architectureParams>;

/** What a row or a family need not say. */
export const standardArchitecture = Object.fromEntries(
  Object.entries(architectureParams).map(([name, param]) => [name, param.default]),
) as DecoderArchitecture;
