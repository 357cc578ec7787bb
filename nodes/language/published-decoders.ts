/** Published decoder-only language models: one table row a model. */
import { standardArchitecture, type DecoderArchitecture } from './decoder-architecture.ts';

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
const qwen = {
  normEpsilon: 1e-6,
  queryKeyValueBias: true,
  rotaryBase: 1_000_000,
} as const;
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
const stablelm = {
  norm: 'layer',
  queryKeyValueBias: true,
  rotaryFraction: 0.25,
} as const;
const smollm = { tiedEmbeddings: true, rotaryBase: 100_000 } as const;

type Sizes = readonly [
  vocabulary: number,
  hidden: number,
  layers: number,
  heads: number,
  keyValueHeads: number,
  headSize: number,
  feedForward: number,
  context: number,
];

type Row = readonly [label: string, sizes: Sizes, differs: Partial<DecoderArchitecture>];

/**
 * Published language models, by the figures of their own config.json.
 * [vocabulary, hidden, layers, heads, kv heads, head size, feed-forward, context]
 */
const rows = {
  'shapes-llava': [
    'Shapes (0.003B)',
    [1024, 192, 6, 6, 2, 32, 512, 1024],
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
  'stablelm-2-1.6b': ['StableLM-2 1.6B', [100_352, 2048, 24, 32, 32, 64, 5632, 4096], stablelm],
} as const satisfies Readonly<Record<string, Row>>;

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
        ...standardArchitecture,
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
