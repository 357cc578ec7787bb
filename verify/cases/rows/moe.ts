/** Experts: the rows of the family `moe`. */
import type { CaseRow } from './case-row.ts';
import { languageOutputs } from './language-outputs.ts';

export const moeRows: readonly CaseRow[] = [
  {
    family: 'moe',
    names: ['mixtral-block'],
    kind: 'feed-forward',
    node: { type: 'moe/feed-forward' },
    input: 'hidden_states',
    outputs: { hidden_states: 'output', router_logits: 'router-logits' },
  },
  {
    family: 'moe',
    modelTypes: ['mixtral'],
    kind: 'language',
    node: { type: 'language/decoder' },
    parts: { feedForward: { type: 'moe/feed-forward' } },
    outputs: languageOutputs,
  },
];
