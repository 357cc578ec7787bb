/** Phi-3 and Phi-4 mini, by what their config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const phi3 = defineFamily({
  title: 'Phi-3',
  defaults: {
    vocab_size: 32_064,
    hidden_size: 3072,
    intermediate_size: 8192,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    max_position_embeddings: 4096,
    hidden_act: 'silu',
    rms_norm_eps: 1e-5,
    tie_word_embeddings: false,
  },
  own: z.object({}),
  adds: () => ({}),
});
