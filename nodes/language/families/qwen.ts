/** Qwen, the first, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const qwen = defineFamily({
  title: 'Qwen',
  defaults: {
    vocab_size: 151_936,
    hidden_size: 4096,
    intermediate_size: 22_016,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    max_position_embeddings: 8192,
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    tie_word_embeddings: false,
  },
  spellings: {
    kv_channels: 'head_dim',
    layer_norm_epsilon: 'rms_norm_eps',
    rotary_emb_base: 'rope_theta',
    seq_length: 'max_position_embeddings',
  },
  own: z.object({ intermediate_size: z.int() }),
  adds: ({ intermediate_size }) => ({
    queryKeyValueBias: true,
    // The configuration counts the gate and what it lets through.
    feedForwardSize: intermediate_size / 2,
  }),
});
