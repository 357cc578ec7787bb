/** OPT, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const opt = defineFamily({
  title: 'OPT',
  defaults: {
    vocab_size: 50_272,
    hidden_size: 768,
    intermediate_size: 3072,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    max_position_embeddings: 2048,
    hidden_act: 'relu',
    layer_norm_eps: 1e-5,
    tie_word_embeddings: true,
  },
  spellings: { ffn_dim: 'intermediate_size', activation_function: 'hidden_act' },
  own: z.object({
    do_layer_norm_before: z.boolean().nullish(),
    word_embed_proj_dim: z.int().nullish(),
    enable_bias: z.boolean().nullish(),
  }),
  adds({ do_layer_norm_before, word_embed_proj_dim, enable_bias, hidden_size }) {
    const bias = enable_bias ?? true;
    const embeddingSize = word_embed_proj_dim ?? hidden_size;
    return {
      positions: 'learned',
      positionOffset: 2,
      norm: 'layer',
      normPlacement: do_layer_norm_before === false ? 'behind-sum' : 'before',
      gated: false,
      queryKeyValueBias: bias,
      outputBias: bias,
      feedForwardBias: bias,
      embeddingSize: embeddingSize === hidden_size ? null : embeddingSize,
    };
  },
});
