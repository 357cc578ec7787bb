/** Gemma, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const gemma = defineFamily({
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
  own: z.object({}),
  adds: ({ hidden_size }) => ({ norm: 'rms-one-plus', embeddingScale: Math.sqrt(hidden_size) }),
});
