/** OLMoE, by what its config.json says and leaves unsaid. Its experts are a part of their own. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const olmoe = defineFamily({
  title: 'OLMoE',
  defaults: {
    vocab_size: 50_304,
    hidden_size: 2048,
    intermediate_size: 2048,
    num_hidden_layers: 16,
    num_attention_heads: 16,
    max_position_embeddings: 4096,
    hidden_act: 'silu',
    rms_norm_eps: 1e-5,
    tie_word_embeddings: false,
  },
  own: z.object({ attention_bias: z.boolean().nullish(), clip_qkv: z.number().nullish() }),
  adds: ({ attention_bias, clip_qkv }) => ({
    queryKeyNorm: 'whole-rms',
    queryKeyValueClip: clip_qkv ?? 0,
    queryKeyValueBias: attention_bias ?? false,
    outputBias: attention_bias ?? false,
  }),
});
