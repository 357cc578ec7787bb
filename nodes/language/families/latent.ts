/** What configurations of models with latent attention say of it. */
import { z } from 'zod';
import type { DecoderArchitecture } from '../architecture/decoder-architecture.ts';

export const latentSchema = z.object({
  attention_bias: z.boolean().nullish(),
  q_lora_rank: z.int().nullish(),
  kv_lora_rank: z.int(),
  qk_nope_head_dim: z.int(),
  qk_rope_head_dim: z.int(),
  v_head_dim: z.int().nullish(),
});

interface Latent extends z.infer<typeof latentSchema> {
  readonly hidden_size: number;
  readonly num_attention_heads: number;
}

export const latentOf = (config: Latent): Partial<DecoderArchitecture> => ({
  attention: 'latent',
  keyValueHeadCount: config.num_attention_heads,
  headSize: config.qk_nope_head_dim + config.qk_rope_head_dim,
  rotaryHeadSize: config.qk_rope_head_dim,
  valueHeadSize: config.v_head_dim ?? config.hidden_size / config.num_attention_heads,
  keyValueRank: config.kv_lora_rank,
  queryRank: config.q_lora_rank ?? null,
  queryKeyValueBias: config.attention_bias ?? false,
  outputBias: config.attention_bias ?? false,
});
