/** Phi. */
import type { Rows } from './row.ts';

const phi = {
  gated: false,
  activation: 'gelu-tanh',
  norm: 'layer',
  block: 'parallel',
  queryKeyValueBias: true,
  outputBias: true,
  feedForwardBias: true,
  headBias: true,
} as const;

export const phiRows = {
  'phi-1.5': [
    'Phi-1.5 1.3B',
    [51_200, 2048, 24, 32, 32, 64, 8192, 2048],
    { ...phi, rotaryFraction: 0.5 },
  ],
  'phi-2': [
    'Phi-2 2.7B',
    [51_200, 2560, 32, 32, 32, 80, 10_240, 2048],
    { ...phi, rotaryFraction: 0.4 },
  ],
  'phi-3-mini-4k': [
    'Phi-3 mini 3.8B',
    [32_064, 3072, 32, 32, 32, 96, 8192, 4096],
    { attentionWindow: 2047 },
  ],
} as const satisfies Rows;
