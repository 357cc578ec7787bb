/** Text to the ids of its tokens, for what is steered by text. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import { estimatedCount } from '#engine/node/wire.ts';

/** A question of one sentence. */
const expectedTokens = 16;

export const tokenise = defineNode({
  type: 'text/tokenise',
  version: 1,
  family: 'text',
  title: 'Tokenise',
  about:
    'Cuts a text into the pieces that a model knows and gives their numbers. Models that let the question decide what is ' +
    'looked at (InstructBLIP, LLaMA-VID) read it here, with a tokenizer of their own, before the language model reads it ' +
    'once more.',
  references: [
    {
      title: 'BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding',
      url: 'https://arxiv.org/abs/1810.04805',
    },
  ],
  params: {
    tokenizer: {
      kind: 'weights',
      label: 'Tokenizer',
      help: 'The folder of a published tokenizer, or one that stands in beside random weights.',
      default: { kind: 'random', seed: 0 },
      standIn: {
        label: 'Stand-in',
        about: 'About as many tokens as a published tokenizer makes; they mean nothing.',
        folderHelp:
          "A folder with a tokenizer.json; a relative path is taken from the graph's own folder.",
      },
    },
    maxTokens: {
      kind: 'integer',
      label: 'Most tokens',
      help: 'A longer text is cut off at its end.',
      default: 128,
      min: 1,
      max: 131_072,
    },
    specialTokens: {
      kind: 'flag',
      label: 'Special tokens',
      help: 'What the tokenizer sets around every text, such as [CLS] and [SEP].',
      default: true,
    },
  },
  inputs: { text: { kind: 'text', title: 'Text' } },
  outputs: { ids: { kind: 'token-ids', title: 'Token ids' } },
  infer: ({ params: { maxTokens }, demands }) =>
    ok({
      outputs: {
        ids: {
          kind: 'token-ids',
          count: estimatedCount(Math.min(expectedTokens, maxTokens), maxTokens),
        },
      },
      found: { vocabularySize: demands.ids?.vocabularySize ?? null },
    }),
  summary: ({ maxTokens }) => `up to ${maxTokens} tokens`,
  body: {
    kind: 'host',
    step: ({ params: { tokenizer, maxTokens, specialTokens }, found }) => ({
      kind: 'tokenise',
      tokenizer,
      maxTokens,
      specialTokens,
      vocabularySize: found.vocabularySize,
    }),
  },
});
