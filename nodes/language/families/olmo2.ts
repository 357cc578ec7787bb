/** OLMo 2, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const olmo2 = defineFamily({
  title: 'OLMo 2',
  defaults: {
    vocab_size: 50_304,
    hidden_size: 4096,
    intermediate_size: 11_008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    max_position_embeddings: 2048,
    hidden_act: 'silu',
    rms_norm_eps: 1e-5,
    tie_word_embeddings: false,
  },
  own: z.object({ attention_bias: z.boolean().nullish() }),
  adds: ({ attention_bias }) => ({
    normPlacement: 'behind',
    queryKeyNorm: 'whole-rms',
    queryKeyValueBias: attention_bias ?? false,
    outputBias: attention_bias ?? false,
  }),
});
