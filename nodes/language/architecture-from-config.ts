/** The architecture that a checkpoint's own config.json describes, in the spelling before and since transformers 5. */
import { z } from 'zod';
import type { Activation } from '#engine/onnx/blocks/feed-forward.ts';
import type { RotaryScaling } from '#engine/onnx/rotary.ts';
import { architectureParams, type DecoderArchitecture } from './decoder-architecture.ts';

const rotarySchema = z.object({
  rope_type: z.string().optional(),
  rope_theta: z.number().optional(),
  partial_rotary_factor: z.number().optional(),
  factor: z.number().optional(),
  low_freq_factor: z.number().optional(),
  high_freq_factor: z.number().optional(),
  original_max_position_embeddings: z.number().optional(),
});

const configSchema = z.object({
  model_type: z.string(),
  vocab_size: z.int(),
  hidden_size: z.int(),
  intermediate_size: z.int(),
  num_hidden_layers: z.int(),
  num_attention_heads: z.int(),
  num_key_value_heads: z.int().nullish(),
  head_dim: z.int().nullish(),
  max_position_embeddings: z.int(),
  hidden_act: z.string(),
  rms_norm_eps: z.number().optional(),
  layer_norm_eps: z.number().optional(),
  tie_word_embeddings: z.boolean().optional(),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
  use_qkv_bias: z.boolean().nullish(),
  qk_layernorm: z.boolean().nullish(),
  use_parallel_residual: z.boolean().nullish(),
  partial_rotary_factor: z.number().optional(),
  rope_theta: z.number().optional(),
  rope_scaling: rotarySchema.nullish(),
  rope_parameters: rotarySchema.nullish(),
});
type Config = z.infer<typeof configSchema>;

/** What the libraries call the activations. */
const activationNames: Readonly<Record<string, Activation>> = {
  silu: 'silu',
  gelu: 'gelu',
  gelu_new: 'gelu-tanh',
  gelu_pytorch_tanh: 'gelu-tanh',
  quick_gelu: 'quick-gelu',
  relu: 'relu',
};

/** Null where it is not built, or no name at all. */
export function activationFromConfig(name: unknown): Activation | null {
  return (typeof name === 'string' ? activationNames[name] : undefined) ?? null;
}

/** What each family adds to the figures that all share. */
const families: Readonly<Record<string, (config: Config) => Partial<DecoderArchitecture>>> = {
  llama: ({ attention_bias, mlp_bias }) => ({
    queryKeyValueBias: attention_bias ?? false,
    outputBias: attention_bias ?? false,
    feedForwardBias: mlp_bias ?? false,
  }),
  qwen2: () => ({ queryKeyValueBias: true }),
  gemma: ({ hidden_size }) => ({ norm: 'rms-one-plus', embeddingScale: Math.sqrt(hidden_size) }),
  phi: ({ qk_layernorm }) => ({
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
  stablelm: ({ use_qkv_bias, qk_layernorm, use_parallel_residual }) => ({
    norm: 'layer',
    queryKeyValueBias: use_qkv_bias ?? false,
    parallelBlock: use_parallel_residual ?? false,
    queryKeyNorm: qk_layernorm === true ? 'head-layer' : 'none',
  }),
};

/** Where the family or a part of it is not built here, the reason as a string. */
export function architectureFromConfig(json: unknown): DecoderArchitecture | string {
  const parsed = configSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `its configuration lacks what a decoder needs: ${issue?.path.join('.')} ${issue?.message}`;
  }
  const config = parsed.data;
  const family = Object.hasOwn(families, config.model_type)
    ? families[config.model_type]
    : undefined;
  if (!family) return `the family "${config.model_type}" is not built yet`;
  const activation = activationFromConfig(config.hidden_act);
  if (activation === null) return `the activation "${config.hidden_act}" is not built yet`;
  const rotary = rotaryFromConfig(config);
  if (typeof rotary === 'string') return rotary;
  return { ...defaults(), ...sizes(config), activation, ...rotary, ...family(config) };
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
    headSize: config.head_dim ?? config.hidden_size / headCount,
    feedForwardSize: config.intermediate_size,
    contextLength: config.max_position_embeddings,
    normEpsilon: config.rms_norm_eps ?? config.layer_norm_eps ?? 1e-5,
    // Only Gemma ties them without saying so.
    tiedEmbeddings: config.tie_word_embeddings ?? config.model_type === 'gemma',
  };
}

function rotaryFromConfig(config: Config): Partial<DecoderArchitecture> | string {
  const rotary = config.rope_parameters ?? config.rope_scaling ?? {};
  const type = rotary.rope_type ?? 'default';
  const names: Readonly<Record<string, RotaryScaling>> = {
    default: 'none',
    linear: 'linear',
    llama3: 'llama3',
    yarn: 'yarn',
  };
  const rotaryScaling = names[type];
  if (!rotaryScaling) return `rotary scaling "${type}" is not built yet`;
  return {
    rotaryBase: rotary.rope_theta ?? config.rope_theta ?? 10_000,
    rotaryFraction: rotary.partial_rotary_factor ?? config.partial_rotary_factor ?? 1,
    rotaryScaling,
    rotaryFactor: rotary.factor ?? 1,
    rotaryTrainedContext: rotary.original_max_position_embeddings ?? config.max_position_embeddings,
    rotaryLowFactor: rotary.low_freq_factor ?? 1,
    rotaryHighFactor: rotary.high_freq_factor ?? 4,
  };
}
