/** SmolLM3, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const smollm3 = defineFamily({
  title: 'SmolLM3',
  defaults: {
    vocab_size: 128_256,
    hidden_size: 2048,
    intermediate_size: 11_008,
    num_hidden_layers: 36,
    num_attention_heads: 16,
    num_key_value_heads: 4,
    max_position_embeddings: 32_768,
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    rope_theta: 2_000_000,
    tie_word_embeddings: true,
  },
  own: z.object({
    attention_bias: z.boolean().nullish(),
    mlp_bias: z.boolean().nullish(),
    no_rope_layer_interval: z.int().nullish(),
  }),
  adds: ({ attention_bias, mlp_bias, no_rope_layer_interval }) => ({
    unrotatedEvery: no_rope_layer_interval ?? 4,
    queryKeyValueBias: attention_bias ?? false,
    outputBias: attention_bias ?? false,
    feedForwardBias: mlp_bias ?? false,
  }),
});
