/** Phi, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const phi = defineFamily({
  title: 'Phi',
  defaults: {
    vocab_size: 51_200,
    hidden_size: 2048,
    intermediate_size: 8192,
    num_hidden_layers: 24,
    num_attention_heads: 32,
    max_position_embeddings: 2048,
    hidden_act: 'gelu_new',
    layer_norm_eps: 1e-5,
    partial_rotary_factor: 0.5,
    tie_word_embeddings: false,
  },
  own: z.object({ qk_layernorm: z.boolean().nullish() }),
  adds: ({ qk_layernorm }) => ({
    gated: false,
    norm: 'layer',
    block: 'parallel',
    queryKeyValueBias: true,
    outputBias: true,
    feedForwardBias: true,
    headBias: true,
    queryKeyNorm: qk_layernorm === true ? 'shared-layer' : 'none',
  }),
});
