import { expect, test } from 'vitest';
import type { MemoryMoment } from '#engine/contract/report.ts';
import { chartWords, momentWords } from './memory-words.ts';

const titles = {
  weights: 'weights',
  packedCopies: 'packed copies',
  state: 'KV cache',
  activations: 'activations',
};
const titleOf = (stage: string): string => (stage === 'encoder' ? 'CLIP ViT' : stage);

const idle: MemoryMoment = {
  atMs: 0,
  residentBytes: 150e6,
  byKind: { weights: 0, packedCopies: 0, state: 0, activations: 0 },
  stage: null,
  phase: null,
};
const busy: MemoryMoment = {
  atMs: 1204,
  residentBytes: 512e6,
  byKind: { weights: 300e6, packedCopies: 0, state: 2e6, activations: 80e6 },
  stage: 'encoder',
  phase: 'warming-up',
};

test('a moment says when it was, who was at work, and what there was of', () => {
  expect(momentWords(busy, titles, titleOf)).toBe(
    '1 204 ms · CLIP ViT · warming up · 512 MB resident · weights 300 MB · KV cache 2.00 MB · activations 80.0 MB'.replaceAll(
      /(?<=\d) (?=\d|ms|MB)/g,
      '\u2009',
    ),
  );
  expect(momentWords(idle, titles, titleOf)).toBe('0\u2009ms · 150\u2009MB resident');
});

test('the whole is told in sentences: how it began and ended, and when it was highest', () => {
  const told = chartWords([idle, busy, { ...idle, atMs: 2000 }], titles, titleOf);
  expect(told.replaceAll('\u2009', ' ')).toBe(
    'The engine held 150 MB at 0 ms and 150 MB at 2 000 ms. It held most at 1 204 ms during CLIP ViT: 512 MB, of it weights 300 MB, KV cache 2.00 MB, activations 80.0 MB. At the end: nothing that is known to be of stages.',
  );
});
