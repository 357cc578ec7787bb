/** Qwen2, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const qwen2 = defineFamily({
  title: 'Qwen2',
  defaults: {
    vocab_size: 151_936,
    hidden_size: 4096,
    intermediate_size: 22_016,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    max_position_embeddings: 32_768,
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    sliding_window: 4096,
    use_sliding_window: false,
    max_window_layers: 28,
    tie_word_embeddings: false,
  },
  own: z.object({}),
  adds: () => ({ queryKeyValueBias: true }),
});
