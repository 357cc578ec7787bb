/** GPT-NeoX and Pythia, by what their config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const gptNeox = defineFamily({
  title: 'GPT-NeoX',
  defaults: {
    vocab_size: 50_432,
    hidden_size: 6144,
    intermediate_size: 24_576,
    num_hidden_layers: 44,
    num_attention_heads: 64,
    max_position_embeddings: 2048,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-5,
    partial_rotary_factor: 0.25,
    tie_word_embeddings: false,
  },
  spellings: { rotary_pct: 'partial_rotary_factor', rotary_emb_base: 'rope_theta' },
  own: z.object({
    use_parallel_residual: z.boolean().nullish(),
    attention_bias: z.boolean().nullish(),
  }),
  adds: ({ use_parallel_residual, attention_bias }) => ({
    norm: 'layer',
    block: use_parallel_residual === false ? 'sequential' : 'parallel-two-norms',
    gated: false,
    queryKeyValueBias: attention_bias ?? true,
    outputBias: attention_bias ?? true,
    feedForwardBias: true,
  }),
});
