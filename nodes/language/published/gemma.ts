/** Gemma. */
import type { Rows } from './row.ts';

const gemma = {
  activation: 'gelu-tanh',
  norm: 'rms-one-plus',
  normEpsilon: 1e-6,
  tiedEmbeddings: true,
} as const;

export const gemmaRows = {
  'gemma-2b': [
    'Gemma 2B',
    [256_000, 2048, 18, 8, 1, 256, 16_384, 8192],
    { ...gemma, embeddingScale: Math.sqrt(2048) },
  ],
} as const satisfies Rows;
