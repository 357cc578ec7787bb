/** Published decoder-only language models: one table row a model. */
import type { DecoderArchitecture } from './decoder-architecture.ts';

/** The stand-in values of what a published row does not say. */
const common = {
  keyNames: 'llama',
  gated: true,
  activation: 'silu',
  norm: 'rms',
  normEpsilon: 1e-5,
  parallelBlock: false,
  queryKeyNorm: 'none',
  queryKeyValueBias: false,
  outputBias: false,
  feedForwardBias: false,
  headBias: false,
  tiedEmbeddings: false,
  embeddingScale: 1,
  scaledEmbeddings: 'all',
  promptAttention: 'causal',
  rotaryFraction: 1,
  rotaryBase: 10_000,
  rotaryScaling: 'none',
  rotaryFactor: 1,
  rotaryTrainedContext: 8192,
  rotaryLowFactor: 1,
  rotaryHighFactor: 4,
} as const satisfies Partial<DecoderArchitecture>;

const phi = {
  ...common,
  keyNames: 'phi',
  gated: false,
  activation: 'gelu-tanh',
  norm: 'layer',
  parallelBlock: true,
  queryKeyValueBias: true,
  outputBias: true,
  feedForwardBias: true,
  headBias: true,
} as const;
const qwen = {
  ...common,
  normEpsilon: 1e-6,
  queryKeyValueBias: true,
  rotaryBase: 1_000_000,
} as const;
const gemma = {
  ...common,
  activation: 'gelu-tanh',
  norm: 'rms-one-plus',
  normEpsilon: 1e-6,
  tiedEmbeddings: true,
} as const;
const stablelm = {
  ...common,
  norm: 'layer',
  queryKeyValueBias: true,
  rotaryFraction: 0.25,
} as const;
const smollm = { ...common, tiedEmbeddings: true, rotaryBase: 100_000 } as const;

/**
 * Published language models, by the figures of their own config.json.
 * [vocabulary, hidden, layers, heads, kv heads, head size, feed-forward, context]
 */
const rows = {
  'shapes-llava': [
    'Shapes (0.003B)',
    [1024, 192, 6, 6, 2, 32, 512, 1024],
    { ...common, tiedEmbeddings: true },
  ],
  // The draft of the one above.
  'shapes-draft': [
    'Shapes draft (0.0003B)',
    [1024, 96, 2, 3, 1, 32, 256, 1024],
    { ...common, tiedEmbeddings: true },
  ],
  'tinyllama-1.1b': ['TinyLlama 1.1B', [32_000, 2048, 22, 32, 4, 64, 5632, 2048], common],
  'vicuna-7b': ['Vicuna 7B v1.5', [32_000, 4096, 32, 32, 32, 128, 11_008, 4096], common],
  'mobilellama-1.4b': [
    'MobileLLaMA 1.4B',
    [32_000, 2048, 24, 16, 16, 128, 5632, 2048],
    { ...common, normEpsilon: 1e-6 },
  ],
  'mobilellama-2.7b': [
    'MobileLLaMA 2.7B',
    [32_000, 2560, 32, 32, 32, 80, 6912, 2048],
    { ...common, normEpsilon: 1e-6 },
  ],
  'smollm2-135m': ['SmolLM2 135M', [49_152, 576, 30, 9, 3, 64, 1536, 8192], smollm],
  'smollm2-360m': ['SmolLM2 360M', [49_152, 960, 32, 15, 5, 64, 2560, 8192], smollm],
  'smollm2-1.7b': [
    'SmolLM2 1.7B',
    [49_152, 2048, 24, 32, 32, 64, 8192, 8192],
    { ...smollm, rotaryBase: 130_000 },
  ],
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
  'qwen1.5-0.5b': [
    'Qwen1.5 0.5B',
    [151_936, 1024, 24, 16, 16, 64, 2816, 32_768],
    { ...qwen, tiedEmbeddings: true },
  ],
  'qwen1.5-1.8b': ['Qwen1.5 1.8B', [151_936, 2048, 24, 16, 16, 128, 5504, 32_768], qwen],
  'qwen2-0.5b': [
    'Qwen2 0.5B',
    [151_936, 896, 24, 14, 2, 64, 4864, 32_768],
    { ...qwen, tiedEmbeddings: true },
  ],
  'qwen2-1.5b': [
    'Qwen2 1.5B',
    [151_936, 1536, 28, 12, 2, 128, 8960, 32_768],
    { ...qwen, tiedEmbeddings: true },
  ],
  'gemma-2b': [
    'Gemma 2B',
    [256_000, 2048, 18, 8, 1, 256, 16_384, 8192],
    { ...gemma, embeddingScale: Math.sqrt(2048) },
  ],
  'stablelm-2-1.6b': ['StableLM-2 1.6B', [100_352, 2048, 24, 32, 32, 64, 5632, 4096], stablelm],
} as const;

export type PublishedDecoder = keyof typeof rows;

export const publishedDecoders = Object.fromEntries(
  Object.entries(rows).map(([name, [, sizes, rest]]) => {
    const [
      vocabularySize,
      hiddenSize,
      layerCount,
      headCount,
      keyValueHeadCount,
      headSize,
      feedForwardSize,
      contextLength,
    ] = sizes;
    return [
      name,
      {
        ...rest,
        vocabularySize,
        hiddenSize,
        layerCount,
        headCount,
        keyValueHeadCount,
        headSize,
        feedForwardSize,
        contextLength,
      },
    ];
  }),
) as unknown as Readonly<Record<PublishedDecoder, DecoderArchitecture>>;

export const publishedDecoderOptions = (Object.keys(rows) as PublishedDecoder[]).map((name) => ({
  value: name,
  label: rows[name][0],
}));
