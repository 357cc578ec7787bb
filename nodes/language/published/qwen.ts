/** Qwen. */
import type { Rows } from './row.ts';

const qwen = { normEpsilon: 1e-6, queryKeyValueBias: true, rotaryBase: 1_000_000 } as const;
const tied = { ...qwen, tiedEmbeddings: true } as const;
const qwen3 = {
  normEpsilon: 1e-6,
  queryKeyNorm: 'head-rms',
  rotaryBase: 1_000_000,
  tiedEmbeddings: true,
} as const;

export const qwenRows = {
  'qwen-1.8b': [
    'Qwen 1.8B',
    [151_936, 2048, 24, 16, 16, 128, 5504, 8192],
    { ...qwen, rotaryBase: 10_000 },
  ],
  'qwen1.5-0.5b': ['Qwen1.5 0.5B', [151_936, 1024, 24, 16, 16, 64, 2816, 32_768], tied],
  'qwen1.5-1.8b': ['Qwen1.5 1.8B', [151_936, 2048, 24, 16, 16, 128, 5504, 32_768], qwen],
  'qwen2-0.5b': ['Qwen2 0.5B', [151_936, 896, 24, 14, 2, 64, 4864, 32_768], tied],
  'qwen2-1.5b': ['Qwen2 1.5B', [151_936, 1536, 28, 12, 2, 128, 8960, 32_768], tied],
  'qwen2.5-3b': ['Qwen2.5 3B', [151_936, 2048, 36, 16, 2, 128, 11_008, 32_768], tied],
  'qwen3-0.6b': ['Qwen3 0.6B', [151_936, 1024, 28, 16, 8, 128, 3072, 40_960], qwen3],
  'qwen3-1.7b': ['Qwen3 1.7B', [151_936, 2048, 28, 16, 8, 128, 6144, 40_960], qwen3],
  'qwen3-4b': ['Qwen3 4B', [151_936, 2560, 36, 32, 8, 128, 9728, 40_960], qwen3],
} as const satisfies Rows;
