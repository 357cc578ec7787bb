/** Parameters of every Q-Former, and what a published one has in common with the others. */
import { choice, decimal, option, size } from '#engine/node/architecture-params.ts';
import { activations } from '#engine/onnx/blocks/feed-forward.ts';
import type { QFormerShape } from './q-former-layers.ts';

/** With what it needs to hear an instruction. */
export interface HearingShape extends QFormerShape {
  readonly vocabularySize: number;
  readonly positionCount: number;
}

/** BERT's base size, whose first layer and every second one after it look at the picture. */
export const bertBase = {
  queryCount: 32,
  hiddenSize: 768,
  layerCount: 12,
  headCount: 12,
  feedForwardSize: 3072,
  lookEvery: 2,
  positionCount: 512,
  activation: 'gelu',
  normEpsilon: 1e-12,
} as const;

export const qFormerParams = {
  queryCount: size('Queries', 'Learned questions; so many visual tokens come out.', 32, 65_536),
  hiddenSize: size('Hidden size', 'Channels of a query.', 768, 65_536),
  layerCount: size('Layers', 'Transformer blocks.', 12, 512),
  headCount: size('Heads', 'Heads of attention.', 12, 1024),
  feedForwardSize: size('Feed-forward size', 'Channels inside the feed-forward.', 3072, 262_144),
  lookEvery: size(
    'Look every',
    'Queries look at the picture in the first layer and in each that is so many layers further on.',
    2,
    512,
  ),
  vocabularySize: size('Vocabulary', 'Tokens of an instruction that are known.', 30_522, 1_000_000),
  positionCount: size('Positions', 'Most tokens of an instruction.', 512, 1_048_576),
  activation: choice(
    'Activation',
    'Non-linearity of the feed-forward.',
    'gelu',
    activations.map((name) => option(name)),
  ),
  normEpsilon: decimal('Norm epsilon', 'Added to the variance.', 1e-12, 1e-12, 1),
} as const;
