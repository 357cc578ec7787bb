/** Published decoder-only language models: one table row a model. */
import { yarnMagnitude } from '#engine/onnx/rotary.ts';
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
const stablelm = {
  norm: 'layer',
  queryKeyValueBias: true,
  rotaryFraction: 0.25,
} as const;
const smollm = { tiedEmbeddings: true, rotaryBase: 100_000 } as const;

/** MiniCPM's scales: of embeddings 12, of depth 1.4, of width 256. */
const minicpm = (hidden: number, layers: number) =>
  ({
    tiedEmbeddings: true,
    embeddingScale: 12,
    scaledEmbeddings: 'words',
    residualScale: 1.4 / Math.sqrt(layers),
    logitScale: 256 / hidden,
  }) as const;
/** Its rotary part is stretched 40 times, and scores are sharper by as much as YaRN would have made what is rotated. */
const deepseekV2Lite = {
  normEpsilon: 1e-6,
  attention: 'latent',
  keyValueRank: 512,
  queryRank: null,
  rotaryHeadSize: 64,
  valueHeadSize: 128,
  rotaryPairing: 'neighbours',
  rotaryScaling: 'yarn',
  rotaryFactor: 40,
  rotaryTrainedContext: 4096,
  rotaryMagnitude: 1,
  attentionScale: 192 ** -0.5 * yarnMagnitude(40, 0.707) ** 2,
} as const;

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
  'qwen2-vl-2b': [
    'Qwen2-VL 2B',
    [151_936, 1536, 28, 12, 2, 128, 8960, 32_768],
    { ...qwen, tiedEmbeddings: true, positions: 'grid-rotary' },
  ],
  // Two positions a second, a second a pair of frames.
  'qwen2.5-vl-3b': [
    'Qwen2.5-VL 3B',
    [151_936, 2048, 36, 16, 2, 128, 11_008, 128_000],
    { ...qwen, tiedEmbeddings: true, positions: 'grid-rotary', clipStep: 2 },
  ],
  'gemma-2b': [
    'Gemma 2B',
    [256_000, 2048, 18, 8, 1, 256, 16_384, 8192],
    { ...gemma, embeddingScale: Math.sqrt(2048) },
  ],
  'stablelm-2-1.6b': ['StableLM-2 1.6B', [100_352, 2048, 24, 32, 32, 64, 5632, 4096], stablelm],
  // Both of its chat models, sft and dpo, have these figures.
  'minicpm-2b': ['MiniCPM 2B', [122_753, 2304, 40, 36, 36, 64, 5760, 4096], minicpm(2304, 40)],
  // What surrounds its experts; the feed-forward size is that of its first layer, which has none.
  'deepseek-v2-lite': [
    'DeepSeek-V2 Lite',
    [102_400, 2048, 27, 16, 16, 192, 10_944, 163_840],
    deepseekV2Lite,
  ],
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
