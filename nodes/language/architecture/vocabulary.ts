/** Both ends of a decoder: how words come in, and how the next one is told. */
import {
  choice,
  decimal,
  flag,
  option,
  optionalSize,
  placed,
} from '#engine/node/architecture-params.ts';

export const vocabularyParams = placed(
  {
    headBias: flag('Head bias', 'The language-model head adds a bias.', false),
    tiedEmbeddings: flag('Tied embeddings', 'The head reuses the embedding table.', false),
    embeddingSize: optionalSize(
      'Embedding width',
      'Channels of the embedding table, projected to the hidden size and back (OPT 350M).',
      'the hidden size',
      65_536,
    ),
    embeddingNorm: flag(
      'Embedding norm',
      'What the first block reads is normed once more (BLOOM).',
      false,
    ),
    embeddingScale: decimal(
      'Embedding scale',
      'What the first block reads is multiplied by this (Gemma: √hidden size).',
      1,
      1e-6,
      1e6,
    ),
    scaledEmbeddings: choice('Scaled embeddings', 'What the embedding scale multiplies.', 'all', [
      option('all', 'Words and visual tokens'),
      option('words', 'Words alone'),
    ]),
    logitScale: decimal(
      'Logit scale',
      'Logits are multiplied by this (Granite, MiniCPM).',
      1,
      1e-6,
      1e6,
    ),
    logitSoftCap: decimal(
      'Logit soft cap',
      'Logits are bent by cap · tanh(logit / cap), so that none passes it (Gemma 2); 0: they are not.',
      0,
      0,
      1e6,
    ),
  } as const,
  { group: 'words' },
);
