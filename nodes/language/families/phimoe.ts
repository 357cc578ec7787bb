/** Phi-MoE, by what its config.json says and leaves unsaid. Its experts are a part of their own. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const phiMoe = defineFamily({
  title: 'Phi-MoE',
  defaults: {
    vocab_size: 32_064,
    hidden_size: 4096,
    intermediate_size: 6400,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    max_position_embeddings: 131_072,
    hidden_act: 'silu',
    rms_norm_eps: 1e-5,
    rope_theta: 1e6,
    tie_word_embeddings: false,
  },
  own: z.object({ attention_bias: z.boolean().nullish(), lm_head_bias: z.boolean().nullish() }),
  adds: ({ attention_bias, lm_head_bias }) => ({
    norm: 'layer',
    queryKeyValueBias: attention_bias ?? false,
    outputBias: attention_bias ?? false,
    headBias: lm_head_bias ?? false,
  }),
});
