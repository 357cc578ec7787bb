/** Gemma, Gemma 2 and Gemma 3. */
import type { Rows } from './row.ts';

const gemma = {
  activation: 'gelu-tanh',
  norm: 'rms-one-plus',
  normEpsilon: 1e-6,
  tiedEmbeddings: true,
} as const;
const gemma2 = {
  ...gemma,
  normPlacement: 'around',
  attentionSoftCap: 50,
  logitSoftCap: 30,
  attentionWindow: 4096,
  fullAttentionEvery: 2,
} as const;
const gemma3 = {
  ...gemma,
  normPlacement: 'around',
  queryKeyNorm: 'head-rms',
  scaledEmbeddings: 'words',
  rotaryBase: 1_000_000,
  windowRotaryBase: 10_000,
  windowRotaryScaling: false,
  fullAttentionEvery: 6,
} as const;

export const gemmaRows = {
  'gemma-2b': [
    'Gemma 2B',
    [256_000, 2048, 18, 8, 1, 256, 16_384, 8192],
    { ...gemma, embeddingScale: Math.sqrt(2048) },
  ],
  'gemma-2-2b': [
    'Gemma 2 2B',
    [256_000, 2304, 26, 8, 4, 256, 9216, 8192],
    { ...gemma2, embeddingScale: Math.sqrt(2304) },
  ],
  'gemma-2-9b': [
    'Gemma 2 9B',
    [256_000, 3584, 42, 16, 8, 256, 14_336, 8192],
    { ...gemma2, embeddingScale: Math.sqrt(3584) },
  ],
  'gemma-3-1b': [
    'Gemma 3 1B',
    [262_144, 1152, 26, 4, 1, 256, 6912, 32_768],
    { ...gemma3, embeddingScale: Math.sqrt(1152), attentionWindow: 512 },
  ],
  // Published as the language model of a whole one.
  'gemma-3-4b': [
    'Gemma 3 4B',
    [262_208, 2560, 34, 8, 4, 256, 10_240, 131_072],
    {
      ...gemma3,
      embeddingScale: Math.sqrt(2560),
      attentionWindow: 1024,
      rotaryScaling: 'linear',
      rotaryFactor: 8,
      rotaryTrainedContext: 131_072,
      promptAttention: 'pictures',
    },
  ],
} as const satisfies Rows;
