/** Families of decoder-only language models: what their config.json leaves unsaid, and what it says of them alone. */
import { z } from 'zod';
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { DecoderArchitecture } from './decoder-architecture.ts';

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

/** As published, in the spelling before and since transformers 5. */
export const decoderConfigSchema = z.object({
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
export type DecoderConfig = z.infer<typeof decoderConfigSchema>;

export interface DecoderFamily {
  readonly title: string;
  /** What the library means by saying nothing: the configurations of whole models leave much unsaid. */
  readonly defaults: JsonObject;
  /** What the family adds to the figures that all share. */
  readonly adds: (config: DecoderConfig) => Partial<DecoderArchitecture>;
}

/** By the `model_type` of their configurations. */
export const decoderFamilies: Readonly<Record<string, DecoderFamily>> = {
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
