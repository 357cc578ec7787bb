/** What the recorded values of a language model stand for, as the families name them. */
import type { LanguageSource } from './case-row.ts';

export const languageOutputs: Readonly<Record<string, LanguageSource>> = {
  logits: 'logits',
  embeddings: 'tap.embeddings',
  block_0: 'tap.block.0',
  greedy_ids: 'greedy.ids',
  step_logits: 'greedy.logits',
};
