/** GPT-2, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const gpt2 = defineFamily({
  title: 'GPT-2',
  defaults: {
    vocab_size: 50_257,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    max_position_embeddings: 1024,
    hidden_act: 'gelu_new',
    layer_norm_eps: 1e-5,
    tie_word_embeddings: true,
  },
  spellings: {
    n_embd: 'hidden_size',
    n_layer: 'num_hidden_layers',
    n_head: 'num_attention_heads',
    n_inner: 'intermediate_size',
    n_positions: 'max_position_embeddings',
    activation_function: 'hidden_act',
    layer_norm_epsilon: 'layer_norm_eps',
  },
  own: z.object({}),
  adds: () => ({
    positions: 'learned',
    norm: 'layer',
    gated: false,
    queryKeyValueBias: true,
    outputBias: true,
    feedForwardBias: true,
  }),
});
