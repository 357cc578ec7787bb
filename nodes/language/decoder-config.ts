/** The architecture that a published config.json describes, alone or as the language part of a whole model. */
import { z } from 'zod';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import type { TakenConfig } from '#engine/node/taken-config.ts';
import type { RotaryScaling } from '#engine/onnx/rotary.ts';
import {
  activationFromConfig,
  configFile,
  foreign,
  modelTypeOf,
  partOf,
  publishedOrCustom,
  readFigures,
  unsupported,
} from '../config/published-config.ts';
import {
  architectureParams,
  publishedDecoders,
  type DecoderArchitecture,
  type PublishedDecoder,
} from './decoder-architecture.ts';

const rotarySchema = z.object({
  rope_type: z.string().optional(),
  /** The oldest spelling of `rope_type`. */
  type: z.string().optional(),
  rope_theta: z.number().optional(),
  partial_rotary_factor: z.number().optional(),
  factor: z.number().optional(),
  low_freq_factor: z.number().optional(),
  high_freq_factor: z.number().optional(),
  original_max_position_embeddings: z.number().optional(),
});

const configSchema = z.object({
  vocab_size: z.int(),
  hidden_size: z.int(),
  intermediate_size: z.int(),
  num_hidden_layers: z.int(),
  num_attention_heads: z.int(),
  num_key_value_heads: z.int().nullish(),
  head_dim: z.int().nullish(),
  max_position_embeddings: z.int(),
  hidden_act: z.string(),
  hidden_activation: z.string().nullish(),
  rms_norm_eps: z.number().optional(),
  layer_norm_eps: z.number().optional(),
  tie_word_embeddings: z.boolean(),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
  use_qkv_bias: z.boolean().nullish(),
  qk_layernorm: z.boolean().nullish(),
  use_parallel_residual: z.boolean().nullish(),
  partial_rotary_factor: z.number().optional(),
  rope_theta: z.number().optional(),
  rope_scaling: rotarySchema.nullish(),
  rope_parameters: rotarySchema.nullish(),
  layer_types: z.array(z.string()).nullish(),
  sliding_window: z.int().nullish(),
  use_sliding_window: z.boolean().nullish(),
  use_bidirectional_attention: z.boolean().nullish(),
});
type Config = z.infer<typeof configSchema>;

interface DecoderFamily {
  readonly title: string;
  /** What the library means by saying nothing: the configurations of whole models leave much unsaid. */
  readonly defaults: JsonObject;
  /** What the family adds to the figures that all share. */
  readonly adds: (config: Config) => Partial<DecoderArchitecture>;
}

/** By the `model_type` of their configurations. */
const families: Readonly<Record<string, DecoderFamily>> = {
  llama: {
    title: 'LLaMA',
    defaults: {
      vocab_size: 32_000,
      hidden_size: 4096,
      intermediate_size: 11_008,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      max_position_embeddings: 2048,
      hidden_act: 'silu',
      rms_norm_eps: 1e-6,
      tie_word_embeddings: false,
    },
    adds: ({ attention_bias, mlp_bias }) => ({
      queryKeyValueBias: attention_bias ?? false,
      outputBias: attention_bias ?? false,
      feedForwardBias: mlp_bias ?? false,
    }),
  },
  mistral: {
    title: 'Mistral',
    defaults: {
      vocab_size: 32_000,
      hidden_size: 4096,
      intermediate_size: 14_336,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      max_position_embeddings: 131_072,
      hidden_act: 'silu',
      rms_norm_eps: 1e-6,
      sliding_window: 4096,
      tie_word_embeddings: false,
    },
    adds: () => ({}),
  },
  /** Its experts are a part of their own. */
  mixtral: {
    title: 'Mixtral',
    defaults: {
      vocab_size: 32_000,
      hidden_size: 4096,
      intermediate_size: 14_336,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      max_position_embeddings: 131_072,
      hidden_act: 'silu',
      rms_norm_eps: 1e-5,
      rope_theta: 1_000_000,
      tie_word_embeddings: false,
    },
    adds: () => ({}),
  },
  qwen2: {
    title: 'Qwen2',
    defaults: {
      vocab_size: 151_936,
      hidden_size: 4096,
      intermediate_size: 22_016,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 32,
      max_position_embeddings: 32_768,
      hidden_act: 'silu',
      rms_norm_eps: 1e-6,
      tie_word_embeddings: false,
    },
    adds: () => ({ queryKeyValueBias: true }),
  },
  gemma: {
    title: 'Gemma',
    defaults: {
      vocab_size: 256_000,
      hidden_size: 3072,
      intermediate_size: 24_576,
      num_hidden_layers: 28,
      num_attention_heads: 16,
      num_key_value_heads: 16,
      head_dim: 256,
      max_position_embeddings: 8192,
      hidden_act: 'gelu_pytorch_tanh',
      rms_norm_eps: 1e-6,
      tie_word_embeddings: true,
    },
    adds: ({ hidden_size }) => ({ norm: 'rms-one-plus', embeddingScale: Math.sqrt(hidden_size) }),
  },
  phi: {
    title: 'Phi',
    defaults: {
      vocab_size: 51_200,
      hidden_size: 2048,
      intermediate_size: 8192,
      num_hidden_layers: 24,
      num_attention_heads: 32,
      max_position_embeddings: 2048,
      hidden_act: 'gelu_new',
      layer_norm_eps: 1e-5,
      partial_rotary_factor: 0.5,
      tie_word_embeddings: false,
    },
    adds: ({ qk_layernorm }) => ({
      keyNames: 'phi',
      gated: false,
      norm: 'layer',
      parallelBlock: true,
      queryKeyValueBias: true,
      outputBias: true,
      feedForwardBias: true,
      headBias: true,
      queryKeyNorm: qk_layernorm === true ? 'shared-layer' : 'none',
    }),
  },
  stablelm: {
    title: 'StableLM',
    defaults: {
      vocab_size: 50_304,
      hidden_size: 2560,
      intermediate_size: 6912,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 32,
      max_position_embeddings: 4096,
      hidden_act: 'silu',
      layer_norm_eps: 1e-5,
      partial_rotary_factor: 0.25,
      tie_word_embeddings: false,
    },
    adds: ({ use_qkv_bias, qk_layernorm, use_parallel_residual }) => ({
      norm: 'layer',
      queryKeyValueBias: use_qkv_bias ?? false,
      parallelBlock: use_parallel_residual ?? false,
      queryKeyNorm: qk_layernorm === true ? 'head-layer' : 'none',
    }),
  },
};

const languageParts = ['text_config', 'llm_config', 'language_config'] as const;

export function decoderFromConfig(files: ConfigFiles): Outcome<TakenConfig> {
  const file = configFile(files, 'config.json');
  if (!file.ok) return file;
  const part = partOf(file.value, languageParts);
  const type = modelTypeOf(part ?? file.value);
  const family = Object.hasOwn(families, type) ? families[type] : undefined;
  if (type === 'mamba')
    return foreign('config.json describes a Mamba; choose the node "Mamba language model".');
  if (!family) return unsupported(`The language model family "${type}"`);
  const architecture = architectureFrom(family, part ?? file.value);
  if (!architecture.ok) return architecture;
  const figures: DecoderArchitecture = {
    ...architecture.value,
    // A whole model has a head of its own, without a bias, whatever its language model's has.
    ...(part && { headBias: false }),
  };
  const names = Object.keys(publishedDecoders) as PublishedDecoder[];
  return ok({
    params: publishedOrCustom(names, (name) => publishedDecoders[name], figures),
    took: [family.title, ...describe(figures)],
    file: 'config.json',
  });
}

function architectureFrom(family: DecoderFamily, json: JsonObject): Outcome<DecoderArchitecture> {
  const figures = readFigures(configSchema, { ...family.defaults, ...json }, 'config.json');
  if (!figures.ok) return figures;
  const config = figures.value;
  const lacking = lackingIn(config);
  if (lacking !== null) return unsupported(lacking);
  const name = config.hidden_activation ?? config.hidden_act;
  const activation = activationFromConfig(name);
  if (activation === null) return unsupported(`The activation "${name}"`);
  const rotary = rotaryFromConfig(config);
  if (!rotary.ok) return rotary;
  const headSize = config.head_dim ?? config.hidden_size / config.num_attention_heads;
  if (!Number.isInteger(headSize))
    return foreign(
      `config.json cannot be taken: ${config.hidden_size} channels do not divide into ${config.num_attention_heads} heads.`,
    );
  return ok({
    ...defaults(),
    ...sizes(config),
    headSize,
    activation,
    ...rotary.value,
    ...family.adds(config),
  });
}

/** What of a configuration no graph here has. */
function lackingIn(config: Config): string | null {
  if (slides(config)) return 'Attention in a sliding window';
  if (config.use_bidirectional_attention === true) return 'Attention in both directions';
  return null;
}

/** A window as long as the context hides nothing. */
function slides(config: Config): boolean {
  const { layer_types, use_sliding_window, sliding_window, max_position_embeddings } = config;
  if (layer_types) return layer_types.includes('sliding_attention');
  if (typeof use_sliding_window === 'boolean') return use_sliding_window;
  return typeof sliding_window === 'number' && sliding_window < max_position_embeddings;
}

function describe(figures: DecoderArchitecture): readonly string[] {
  const { layerCount, hiddenSize, headCount, keyValueHeadCount, vocabularySize } = figures;
  const grouped =
    keyValueHeadCount === headCount ? '' : `, ${keyValueHeadCount} of keys and values`;
  return [
    `${layerCount} layers × ${hiddenSize}`,
    `${headCount} heads${grouped}`,
    `${vocabularySize} tokens known`,
  ];
}

function defaults(): DecoderArchitecture {
  const values = Object.entries(architectureParams).map(([name, param]) => [name, param.default]);
  return Object.fromEntries(values) as DecoderArchitecture;
}

function sizes(config: Config): Partial<DecoderArchitecture> {
  const headCount = config.num_attention_heads;
  return {
    vocabularySize: config.vocab_size,
    hiddenSize: config.hidden_size,
    layerCount: config.num_hidden_layers,
    headCount,
    keyValueHeadCount: config.num_key_value_heads ?? headCount,
    feedForwardSize: config.intermediate_size,
    contextLength: config.max_position_embeddings,
    normEpsilon: config.rms_norm_eps ?? config.layer_norm_eps ?? 1e-5,
    tiedEmbeddings: config.tie_word_embeddings,
  };
}

const rotaryScalings: Readonly<Record<string, RotaryScaling>> = {
  default: 'none',
  linear: 'linear',
  llama3: 'llama3',
  yarn: 'yarn',
};

function rotaryFromConfig(config: Config): Outcome<Partial<DecoderArchitecture>> {
  const rotary = config.rope_parameters ?? config.rope_scaling ?? {};
  const type = rotary.rope_type ?? rotary.type ?? 'default';
  const rotaryScaling = Object.hasOwn(rotaryScalings, type) ? rotaryScalings[type] : undefined;
  if (!rotaryScaling) return unsupported(`Rotary scaling "${type}"`);
  const turning = {
    rotaryBase: rotary.rope_theta ?? config.rope_theta ?? 10_000,
    rotaryFraction: rotary.partial_rotary_factor ?? config.partial_rotary_factor ?? 1,
  };
  if (rotaryScaling === 'none') return ok(turning);
  return ok({
    ...turning,
    rotaryScaling,
    rotaryFactor: rotary.factor ?? 1,
    rotaryTrainedContext: rotary.original_max_position_embeddings ?? config.max_position_embeddings,
    rotaryLowFactor: rotary.low_freq_factor ?? 1,
    rotaryHighFactor: rotary.high_freq_factor ?? 4,
  });
}
