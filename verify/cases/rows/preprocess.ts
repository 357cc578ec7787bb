/** Preprocessing of pictures: the rows of the family `preprocess`. */
import type { CaseRow } from './case-row.ts';

export const preprocessRows: readonly CaseRow[] = [
  {
    family: 'preprocess',
    names: ['llava-next-anyres', 'llava-onevision-anyres'],
    kind: 'preprocess',
    node: { type: 'vision/anyres-tiles' },
  },
  { family: 'preprocess', kind: 'preprocess', node: { type: 'vision/preprocess' } },
];
