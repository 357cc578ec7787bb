import { expect, test } from 'vitest';
import { splitName } from './split-name.ts';

test('what stays of a long name at its end is whole words', () => {
  const ends = [
    'LLaVA-1.5 7B with PruMerge',
    'MoE-LLaVA StableLM 1.6B×4',
    'Phi-2 2.7B · int4, block 128',
    'vicuna-7b-v1.5-finetuned-2.patchbay.json',
    'landscape-lake',
    'Untrennbarkeitsvermutung',
  ].map((name) => splitName(name).end);
  expect(ends).toEqual([' PruMerge', ' 1.6B×4', ' block 128', '.patchbay.json', '-lake', '']);
});
