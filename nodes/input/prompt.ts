/** What the user asks. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';

export const prompt = defineNode({
  type: 'input/prompt',
  version: 1,
  family: 'input',
  title: 'Prompt',
  about:
    'The question or instruction. The language model puts it into its own template, together with the picture.',
  references: [],
  params: {
    text: {
      kind: 'text',
      label: 'Prompt',
      help: 'What to ask about the picture; <image> says where in it a picture goes.',
      default: 'What is in the picture?',
      maxCharacters: 50_000,
      lines: 4,
    },
  },
  inputs: {},
  outputs: { text: { kind: 'text', title: 'Prompt' } },
  infer: () => ok({ outputs: { text: { kind: 'text' } } }),
  summary: ({ text }) => text,
  body: { kind: 'host', step: ({ params: { text } }) => ({ kind: 'give-text', text }) },
});
