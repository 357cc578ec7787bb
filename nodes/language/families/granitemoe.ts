/** Granite-MoE, by what its config.json says and leaves unsaid. Its experts are a part of their own. */
import { z } from 'zod';
import { defineFamily } from './family.ts';
import { graniteMultipliers, graniteScales } from './granite.ts';

export const graniteMoe = defineFamily({
  title: 'Granite-MoE',
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
  own: graniteMultipliers.extend({ attention_bias: z.boolean().nullish() }),
  adds: ({ attention_bias, ...config }) => ({
    ...graniteScales(config),
    queryKeyValueBias: attention_bias ?? false,
    outputBias: attention_bias ?? false,
  }),
});
