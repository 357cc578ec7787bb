/** Qwen3, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const qwen3 = defineFamily({
  title: 'Qwen3',
  defaults: {
    vocab_size: 151_936,
    hidden_size: 4096,
    intermediate_size: 22_016,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    head_dim: 128,
    max_position_embeddings: 32_768,
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    tie_word_embeddings: false,
  },
  own: z.object({ attention_bias: z.boolean().nullish() }),
  adds: ({ attention_bias }) => ({
    queryKeyNorm: 'head-rms',
    queryKeyValueBias: attention_bias ?? false,
    outputBias: attention_bias ?? false,
  }),
});
