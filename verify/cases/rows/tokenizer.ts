/** Tokenizers: the rows of the family `tokenizer`. */
import type { CaseRow } from './case-row.ts';

export const tokenizerRows: readonly CaseRow[] = [{ family: 'tokenizer', kind: 'tokenizer' }];
