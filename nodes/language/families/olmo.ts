/** OLMo, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const olmo = defineFamily({
  title: 'OLMo',
  defaults: {
    vocab_size: 50_304,
    hidden_size: 4096,
    intermediate_size: 11_008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    max_position_embeddings: 2048,
    hidden_act: 'silu',
    layer_norm_eps: 1e-5,
    tie_word_embeddings: false,
  },
  own: z.object({ attention_bias: z.boolean().nullish(), clip_qkv: z.number().nullish() }),
  adds: ({ attention_bias, clip_qkv }) => ({
    norm: 'layer-plain',
    queryKeyValueClip: clip_qkv ?? 0,
    queryKeyValueBias: attention_bias ?? false,
    outputBias: attention_bias ?? false,
  }),
});
