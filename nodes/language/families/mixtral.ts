/** Mixtral, by what its config.json says and leaves unsaid. Its experts are a part of their own. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const mixtral = defineFamily({
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
  own: z.object({}),
  adds: () => ({}),
});
