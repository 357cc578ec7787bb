/** Qwen3-MoE, by what its config.json says and leaves unsaid. Its experts are a part of their own. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const qwen3Moe = defineFamily({
  title: 'Qwen3-MoE',
  defaults: {
    vocab_size: 151_936,
    hidden_size: 2048,
    intermediate_size: 6144,
    num_hidden_layers: 24,
    num_attention_heads: 32,
    num_key_value_heads: 4,
    max_position_embeddings: 32_768,
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    tie_word_embeddings: false,
    use_sliding_window: false,
  },
  own: z.object({ attention_bias: z.boolean().nullish() }),
  adds: ({ attention_bias }) => ({
    queryKeyNorm: 'head-rms',
    queryKeyValueBias: attention_bias ?? false,
    outputBias: attention_bias ?? false,
  }),
});
