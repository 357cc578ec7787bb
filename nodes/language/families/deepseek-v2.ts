/** DeepSeek-V2, by what its config.json says and leaves unsaid. Its experts are a part of their own. */
import { yarnMagnitude } from '#engine/onnx/rotary.ts';
import { defineFamily, type DecoderConfig } from './family.ts';
import { latentOf, latentSchema } from './latent.ts';

export const deepseekV2 = defineFamily({
  title: 'DeepSeek-V2',
  defaults: {
    vocab_size: 32_000,
    hidden_size: 4096,
    intermediate_size: 11_008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    max_position_embeddings: 2048,
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    tie_word_embeddings: false,
    q_lora_rank: 1536,
    kv_lora_rank: 512,
    qk_nope_head_dim: 128,
    qk_rope_head_dim: 64,
    v_head_dim: 128,
  },
  own: latentSchema,
  adds: (config) => ({
    ...latentOf(config),
    rotaryPairing: 'neighbours',
    attentionScale: weighedScale(config, config.qk_nope_head_dim + config.qk_rope_head_dim),
  }),
});

/** Scores are as much sharper as YaRN would have made queries and keys; 0: as the head size has it. */
function weighedScale(config: DecoderConfig, headSize: number): number {
  const { factor, mscale_all_dim } = config.rope_parameters ?? config.rope_scaling ?? {};
  if (factor === undefined || !mscale_all_dim) return 0;
  return headSize ** -0.5 * yarnMagnitude(factor, mscale_all_dim) ** 2;
}
