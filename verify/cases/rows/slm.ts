/** Language models: the rows of the family `slm`. */
import type { CaseRow } from './case-row.ts';
import { languageOutputs } from './language-outputs.ts';

export const slmRows: readonly CaseRow[] = [
  {
    family: 'slm',
    kind: 'language',
    node: { type: 'language/decoder' },
    outputs: languageOutputs,
  },
];
