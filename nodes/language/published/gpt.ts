/** GPT-2 and what followed it: LayerNorms, biases, feed-forwards without a gate. */
import type { Rows } from './row.ts';

const plain = {
  gated: false,
  norm: 'layer',
  queryKeyValueBias: true,
  outputBias: true,
  feedForwardBias: true,
} as const;
const gpt2 = {
  ...plain,
  activation: 'gelu-tanh',
  positions: 'learned',
  tiedEmbeddings: true,
} as const;
const pythia = {
  ...plain,
  activation: 'gelu',
  block: 'parallel-two-norms',
  rotaryFraction: 0.25,
} as const;
const opt = {
  ...plain,
  activation: 'relu',
  positions: 'learned',
  positionOffset: 2,
  tiedEmbeddings: true,
} as const;
const bloom = {
  ...plain,
  activation: 'gelu-tanh',
  positions: 'alibi',
  embeddingNorm: true,
  tiedEmbeddings: true,
} as const;

export const gptRows = {
  gpt2: ['GPT-2 124M', [50_257, 768, 12, 12, 12, 64, 3072, 1024], gpt2],
  'gpt2-medium': ['GPT-2 medium 355M', [50_257, 1024, 24, 16, 16, 64, 4096, 1024], gpt2],
  'gpt2-large': ['GPT-2 large 774M', [50_257, 1280, 36, 20, 20, 64, 5120, 1024], gpt2],
  'gpt2-xl': ['GPT-2 XL 1.5B', [50_257, 1600, 48, 25, 25, 64, 6400, 1024], gpt2],
  'pythia-160m': ['Pythia 160M', [50_304, 768, 12, 12, 12, 64, 3072, 2048], pythia],
  'pythia-410m': ['Pythia 410M', [50_304, 1024, 24, 16, 16, 64, 4096, 2048], pythia],
  'pythia-1b': ['Pythia 1B', [50_304, 2048, 16, 8, 8, 256, 8192, 2048], pythia],
  'pythia-1.4b': ['Pythia 1.4B', [50_304, 2048, 24, 16, 16, 128, 8192, 2048], pythia],
  'pythia-2.8b': ['Pythia 2.8B', [50_304, 2560, 32, 32, 32, 80, 10_240, 2048], pythia],
  'opt-125m': ['OPT 125M', [50_272, 768, 12, 12, 12, 64, 3072, 2048], opt],
  'opt-350m': [
    'OPT 350M',
    [50_272, 1024, 24, 16, 16, 64, 4096, 2048],
    { ...opt, embeddingSize: 512, normPlacement: 'behind-sum' },
  ],
  'opt-1.3b': ['OPT 1.3B', [50_272, 2048, 24, 32, 32, 64, 8192, 2048], opt],
  'opt-2.7b': ['OPT 2.7B', [50_272, 2560, 32, 32, 32, 80, 10_240, 2048], opt],
  'opt-6.7b': ['OPT 6.7B', [50_272, 4096, 32, 32, 32, 128, 16_384, 2048], opt],
  'bloom-560m': ['BLOOM 560M', [250_880, 1024, 24, 16, 16, 64, 4096, 2048], bloom],
  'bloom-1b1': ['BLOOM 1.1B', [250_880, 1536, 24, 16, 16, 96, 6144, 2048], bloom],
  'bloom-1b7': ['BLOOM 1.7B', [250_880, 2048, 24, 16, 16, 128, 8192, 2048], bloom],
  'bloom-3b': ['BLOOM 3B', [250_880, 2560, 30, 32, 32, 80, 10_240, 2048], bloom],
  'falcon-7b': [
    'Falcon 7B',
    [65_024, 4544, 32, 71, 1, 64, 18_176, 2048],
    { gated: false, norm: 'layer', activation: 'gelu', block: 'parallel', tiedEmbeddings: true },
  ],
} as const satisfies Rows;
