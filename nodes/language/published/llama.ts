/** LLaMA's descendants. */
import type { Rows } from './row.ts';

const smollm = { tiedEmbeddings: true, rotaryBase: 100_000 } as const;

export const llamaRows = {
  'shapes-llava': [
    'Shapes (0.003B)',
    [1024, 192, 6, 6, 2, 32, 512, 1024],
    { tiedEmbeddings: true },
  ],
  // The draft of the one above.
  'shapes-draft': [
    'Shapes draft (0.0003B)',
    [1024, 96, 2, 3, 1, 32, 256, 1024],
    { tiedEmbeddings: true },
  ],
  'tinyllama-1.1b': ['TinyLlama 1.1B', [32_000, 2048, 22, 32, 4, 64, 5632, 2048], {}],
  'vicuna-7b': ['Vicuna 7B v1.5', [32_000, 4096, 32, 32, 32, 128, 11_008, 4096], {}],
  'mobilellama-1.4b': [
    'MobileLLaMA 1.4B',
    [32_000, 2048, 24, 16, 16, 128, 5632, 2048],
    { normEpsilon: 1e-6 },
  ],
  'mobilellama-2.7b': [
    'MobileLLaMA 2.7B',
    [32_000, 2560, 32, 32, 32, 80, 6912, 2048],
    { normEpsilon: 1e-6 },
  ],
  'smollm2-135m': ['SmolLM2 135M', [49_152, 576, 30, 9, 3, 64, 1536, 8192], smollm],
  'smollm2-360m': ['SmolLM2 360M', [49_152, 960, 32, 15, 5, 64, 2560, 8192], smollm],
  'smollm2-1.7b': [
    'SmolLM2 1.7B',
    [49_152, 2048, 24, 32, 32, 64, 8192, 8192],
    { ...smollm, rotaryBase: 130_000 },
  ],
  'smollm3-3b': [
    'SmolLM3 3B',
    [128_256, 2048, 36, 16, 4, 128, 11_008, 65_536],
    { normEpsilon: 1e-6, tiedEmbeddings: true, rotaryBase: 5_000_000, unrotatedEvery: 4 },
  ],
  'stablelm-2-1.6b': [
    'StableLM-2 1.6B',
    [100_352, 2048, 24, 32, 32, 64, 5632, 4096],
    { norm: 'layer', queryKeyValueBias: true, rotaryFraction: 0.25 },
  ],
  'olmo-1b': [
    'OLMo 1B',
    [50_304, 2048, 16, 16, 16, 128, 8192, 2048],
    { norm: 'layer-plain', tiedEmbeddings: true },
  ],
  'olmo-2-1b': [
    'OLMo 2 1B',
    [100_352, 2048, 16, 16, 16, 128, 8192, 4096],
    {
      normPlacement: 'behind',
      queryKeyNorm: 'whole-rms',
      normEpsilon: 1e-6,
      rotaryBase: 500_000,
    },
  ],
  'granite-3.0-2b': [
    'Granite 3.0 2B',
    [49_155, 2048, 40, 32, 8, 64, 8192, 4096],
    {
      tiedEmbeddings: true,
      embeddingScale: 12,
      attentionScale: 0.015625,
      residualScale: 0.22,
      logitScale: 1 / 8,
    },
  ],
} as const satisfies Rows;
