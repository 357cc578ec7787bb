/** BLOOM, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const bloom = defineFamily({
  title: 'BLOOM',
  defaults: {
    vocab_size: 250_880,
    hidden_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 8,
    // Linear biases have no end; this is what the models were trained with.
    max_position_embeddings: 2048,
    hidden_act: 'gelu_new',
    layer_norm_eps: 1e-5,
    tie_word_embeddings: true,
  },
  spellings: {
    n_embed: 'hidden_size',
    n_layer: 'num_hidden_layers',
    n_head: 'num_attention_heads',
    seq_length: 'max_position_embeddings',
    layer_norm_epsilon: 'layer_norm_eps',
  },
  own: z.object({}),
  adds: () => ({
    positions: 'alibi',
    norm: 'layer',
    embeddingNorm: true,
    gated: false,
    queryKeyValueBias: true,
    outputBias: true,
    feedForwardBias: true,
  }),
});
