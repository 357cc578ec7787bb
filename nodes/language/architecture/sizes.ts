/** How large a decoder is. Defaults are TinyLlama's, so that a custom model starts from something that runs. */
import { size } from '#engine/node/architecture-params.ts';

export const sizeParams = {
  vocabularySize: size('Vocabulary', 'Tokens the model knows.', 32_000, 1_000_000),
  hiddenSize: size('Hidden size', 'Channels of a token.', 2048, 65_536),
  layerCount: size('Layers', 'Transformer blocks.', 22, 512),
  headCount: size('Heads', 'Query heads of attention.', 32, 1024),
  keyValueHeadCount: size(
    'Key/value heads',
    'Fewer than the heads: grouped-query attention; one: multi-query.',
    4,
    1024,
  ),
  headSize: size('Head size', 'Channels of one head.', 64, 1024),
  feedForwardSize: size('Feed-forward size', 'Channels inside the feed-forward.', 5632, 262_144),
  contextLength: size('Context', 'Most tokens the model can hold.', 2048, 1_048_576),
} as const;
