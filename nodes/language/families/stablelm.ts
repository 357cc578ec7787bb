/** StableLM, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const stablelm = defineFamily({
  title: 'StableLM',
  defaults: {
    vocab_size: 50_304,
    hidden_size: 2560,
    intermediate_size: 6912,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    max_position_embeddings: 4096,
    hidden_act: 'silu',
    layer_norm_eps: 1e-5,
    partial_rotary_factor: 0.25,
    tie_word_embeddings: false,
  },
  own: z.object({
    use_qkv_bias: z.boolean().nullish(),
    qk_layernorm: z.boolean().nullish(),
    use_parallel_residual: z.boolean().nullish(),
  }),
  adds: ({ use_qkv_bias, qk_layernorm, use_parallel_residual }) => ({
    norm: 'layer',
    queryKeyValueBias: use_qkv_bias ?? false,
    block: use_parallel_residual === true ? 'parallel' : 'sequential',
    queryKeyNorm: qk_layernorm === true ? 'head-layer' : 'none',
  }),
});
