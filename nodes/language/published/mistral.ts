/** Mistral. */
import type { Rows } from './row.ts';

export const mistralRows = {
  'mistral-7b-v0.1': [
    'Mistral 7B v0.1',
    [32_000, 4096, 32, 32, 8, 128, 14_336, 32_768],
    { attentionWindow: 4096 },
  ],
  'mistral-7b-v0.2': [
    'Mistral 7B v0.2',
    [32_000, 4096, 32, 32, 8, 128, 14_336, 32_768],
    { rotaryBase: 1_000_000 },
  ],
  'mistral-7b-v0.3': [
    'Mistral 7B v0.3',
    [32_768, 4096, 32, 32, 8, 128, 14_336, 32_768],
    { rotaryBase: 1_000_000 },
  ],
} as const satisfies Rows;
