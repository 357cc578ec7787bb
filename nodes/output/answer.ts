/** Where the answer is read. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';

export const answer = defineNode({
  type: 'output/answer',
  version: 1,
  family: 'output',
  title: 'Answer',
  about: 'Shows the answer word by word while the language model writes it.',
  references: [],
  params: {},
  inputs: { answer: { kind: 'answer', title: 'Answer', role: 'answer' } },
  outputs: {},
  infer: () => ok({ outputs: {} }),
  summary: () => 'streams',
  body: { kind: 'host', step: () => ({ kind: 'show-answer' }) },
});
