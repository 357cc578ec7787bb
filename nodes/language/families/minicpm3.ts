/** MiniCPM3, by what its config.json says and leaves unsaid: MiniCPM with latent attention. */
import { latentOf, latentSchema } from './latent.ts';
import { defineFamily } from './family.ts';
import { scalesOf, scalesSchema } from './minicpm.ts';

export const minicpm3 = defineFamily({
  title: 'MiniCPM3',
  defaults: {
    vocab_size: 73_448,
    hidden_size: 2560,
    intermediate_size: 6400,
    num_hidden_layers: 62,
    num_attention_heads: 40,
    num_key_value_heads: 40,
    max_position_embeddings: 32_768,
    hidden_act: 'silu',
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
    q_lora_rank: 768,
    kv_lora_rank: 256,
    qk_nope_head_dim: 64,
    qk_rope_head_dim: 32,
    scale_emb: 12,
    scale_depth: 1.4,
    dim_model_base: 256,
  },
  own: scalesSchema.extend(latentSchema.shape),
  adds: (config) => ({ ...scalesOf(config), ...latentOf(config) }),
});
