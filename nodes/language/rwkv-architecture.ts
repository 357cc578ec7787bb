/** The architecture of an RWKV language model as parameters: one table row a published model. */
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
  generation: choice('Generation', 'How tokens are mixed along the sequence.', '6', [
    option('4', 'RWKV-4: an average for each channel'),
    option('5', 'RWKV-5 (Eagle): a matrix for each head'),
    option('6', 'RWKV-6 (Finch): a matrix that each token lets fade'),
  ]),
  vocabularySize: size('Vocabulary', 'Rows of the embedding table.', 65_536, 1e6),
  hiddenSize: size('Hidden size', 'Channels of a token.', 768, 65_536),
  layerCount: size('Layers', 'Blocks of a time mix and a channel mix.', 12, 512),
  attentionSize: size('Attention size', 'Channels of the time mix, of all heads.', 768, 65_536),
  headSize: size('Head size', 'Channels of a head; generations 5 and 6 have heads.', 64, 1024),
  feedForwardSize: size('Feed-forward size', 'Channels inside the channel mix.', 2688, 262_144),
  mixRank: size(
    'Mix rank',
    'Channels from which generation 6 makes the share of the token before.',
    32,
    4096,
  ),
  decayRank: size(
    'Decay rank',
    'Channels from which generation 6 makes how fast memories fade.',
    64,
    4096,
  ),
  normEpsilon: decimal('Norm epsilon', 'Added to the variance of a token.', 1e-5, 1e-12, 1),
  headNormEpsilon: decimal(
    'Head norm epsilon',
    'Added to the variance of what a head reads; generations 5 and 6.',
    64e-5,
    1e-12,
    1,
  ),
  tiedEmbeddings: flag('Tied embeddings', 'The head reuses the embedding table.', false),
} as const;

export type RwkvArchitecture = ParamValues<typeof architectureParams>;
export type Generation = RwkvArchitecture['generation'];

/** Values of the operator are divided by this before their norm, which comes to the square of it in the epsilon. */
export const standardHeadDivisor = 8;

/** What follows from generation, width, depth and vocabulary in every published model. */
export function standardRwkv(
  generation: Generation,
  hiddenSize: number,
  layerCount: number,
  vocabularySize: number,
): RwkvArchitecture {
  const isWide = hiddenSize === 4096;
  return {
    generation,
    vocabularySize,
    hiddenSize,
    layerCount,
    attentionSize: hiddenSize,
    headSize: 64,
    feedForwardSize: generation === '4' ? 4 * hiddenSize : Math.floor((3.5 * hiddenSize) / 32) * 32,
    mixRank: isWide ? 64 : 32,
    decayRank: isWide ? 128 : 64,
    normEpsilon: 1e-5,
    headNormEpsilon: 1e-5 * standardHeadDivisor ** 2,
    tiedEmbeddings: false,
  };
}

/** Vocabularies of GPT-NeoX, on which the Pile models were trained, and of RWKV World. */
const [pile, world] = [50_277, 65_536];

const published = (label: string, ...figures: Parameters<typeof standardRwkv>) => ({
  label,
  architecture: standardRwkv(...figures),
});

/** Sizes: README of BlinkDL/RWKV-LM; 4 also 2305.13048, table 2, 5 and 6 also 2404.05892, table 2. */
export const publishedRwkvs = {
  'rwkv4-pile-169m': published('RWKV-4 Pile 169M', '4', 768, 12, pile),
  'rwkv4-pile-430m': published('RWKV-4 Pile 430M', '4', 1024, 24, pile),
  'rwkv4-pile-1.5b': published('RWKV-4 Pile 1.5B', '4', 2048, 24, pile),
  'rwkv4-pile-3b': published('RWKV-4 Pile 3B', '4', 2560, 32, pile),
  'rwkv4-pile-7b': published('RWKV-4 Pile 7B', '4', 4096, 32, pile),
  'rwkv4-pile-14b': published('RWKV-4 Pile 14B', '4', 5120, 40, pile),
  'rwkv4-world-0.1b': published('RWKV-4 World 0.1B', '4', 768, 12, world),
  'rwkv4-world-0.4b': published('RWKV-4 World 0.4B', '4', 1024, 24, world),
  'rwkv4-world-1.5b': published('RWKV-4 World 1.5B', '4', 2048, 24, world),
  'rwkv4-world-3b': published('RWKV-4 World 3B', '4', 2560, 32, world),
  'rwkv4-world-7b': published('RWKV-4 World 7B', '4', 4096, 32, world),
  'rwkv5-world-0.4b': published('RWKV-5 World 0.4B (Eagle)', '5', 1024, 24, world),
  'rwkv5-world-1.5b': published('RWKV-5 World 1.5B (Eagle)', '5', 2048, 24, world),
  'rwkv5-world-3b': published('RWKV-5 World 3B (Eagle)', '5', 2560, 32, world),
  'rwkv5-world-7b': published('RWKV-5 World 7B (Eagle)', '5', 4096, 32, world),
  'rwkv6-world-1.6b': published('RWKV-6 World 1.6B (Finch)', '6', 2048, 24, world),
  'rwkv6-world-3b': published('RWKV-6 World 3B (Finch)', '6', 2560, 32, world),
  'rwkv6-world-7b': published('RWKV-6 World 7B (Finch)', '6', 4096, 32, world),
  'rwkv6-world-14b': published('RWKV-6 World 14B (Finch)', '6', 4096, 61, world),
} as const;

export type PublishedRwkv = keyof typeof publishedRwkvs;

export const rwkvParams = {
  model: modelParam(publishedRwkvs, 'rwkv6-world-1.6b', ({ architecture }) => architecture),
  ...architectureParams,
} as const;

export type RwkvParams = ParamValues<typeof rwkvParams>;

export function rwkvArchitecture(values: RwkvParams): RwkvArchitecture {
  return values.model === 'custom' ? values : publishedRwkvs[values.model].architecture;
}
