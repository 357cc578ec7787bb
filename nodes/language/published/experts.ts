/** Language models whose feed-forwards are replaced by experts, a part of their own: what is left of them without. */
import type { Rows } from './row.ts';

export const expertRows = {
  'mixtral-8x7b': [
    'Mixtral 8x7B, without experts',
    [32_000, 4096, 32, 32, 8, 128, 14_336, 32_768],
    { rotaryBase: 1_000_000 },
  ],
  'qwen1.5-moe-a2.7b': [
    'Qwen1.5-MoE A2.7B, without experts',
    [151_936, 2048, 24, 16, 16, 128, 5632, 8192],
    { normEpsilon: 1e-6, queryKeyValueBias: true, rotaryBase: 1_000_000 },
  ],
  'olmoe-1b-7b': [
    'OLMoE 1B-7B, without experts',
    [50_304, 2048, 16, 16, 16, 128, 1024, 4096],
    { queryKeyNorm: 'whole-rms' },
  ],
} as const satisfies Rows;
