/** LLaMA, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const llama = defineFamily({
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
  own: z.object({ attention_bias: z.boolean().nullish(), mlp_bias: z.boolean().nullish() }),
  adds: ({ attention_bias, mlp_bias }) => ({
    queryKeyValueBias: attention_bias ?? false,
    outputBias: attention_bias ?? false,
    feedForwardBias: mlp_bias ?? false,
  }),
});
