/** Falcon with rotary positions, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const falcon = defineFamily({
  title: 'Falcon',
  defaults: {
    vocab_size: 65_024,
    hidden_size: 4544,
    num_hidden_layers: 32,
    num_attention_heads: 71,
    max_position_embeddings: 2048,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-5,
    tie_word_embeddings: true,
  },
  spellings: {
    n_layer: 'num_hidden_layers',
    n_head: 'num_attention_heads',
    activation: 'hidden_act',
    ffn_hidden_size: 'intermediate_size',
    layer_norm_epsilon: 'layer_norm_eps',
  },
  own: z.object({
    alibi: z.literal(false, 'linear biases of Falcon are not built yet').default(false),
    bias: z.boolean().nullish(),
    multi_query: z.boolean().nullish(),
    parallel_attn: z.boolean().nullish(),
    new_decoder_architecture: z
      .literal(false, 'its newer architecture is not built yet')
      .default(false),
  }),
  adds: ({ bias, multi_query, parallel_attn, num_attention_heads }) => ({
    norm: 'layer',
    block: parallel_attn === false ? 'sequential' : 'parallel',
    gated: false,
    keyValueHeadCount: multi_query === false ? num_attention_heads : 1,
    queryKeyValueBias: bias ?? false,
    outputBias: bias ?? false,
    feedForwardBias: bias ?? false,
  }),
});
