/** Gemma 2, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

export const gemma2 = defineFamily({
  title: 'Gemma 2',
  defaults: {
    vocab_size: 256_000,
    hidden_size: 2304,
    intermediate_size: 9216,
    num_hidden_layers: 26,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: 256,
    max_position_embeddings: 8192,
    hidden_act: 'gelu_pytorch_tanh',
    rms_norm_eps: 1e-6,
    sliding_window: 4096,
    sliding_window_pattern: 2,
    query_pre_attn_scalar: 256,
    attn_logit_softcapping: 50,
    final_logit_softcapping: 30,
    tie_word_embeddings: true,
  },
  own: z.object({
    attention_bias: z.boolean().nullish(),
    query_pre_attn_scalar: z.number(),
    attn_logit_softcapping: z.number().nullish(),
    final_logit_softcapping: z.number().nullish(),
  }),
  adds: (config) => ({
    norm: 'rms-one-plus',
    normPlacement: 'around',
    embeddingScale: Math.sqrt(config.hidden_size),
    attentionScale: attentionScale(config),
    attentionSoftCap: config.attn_logit_softcapping ?? 0,
    logitSoftCap: config.final_logit_softcapping ?? 0,
    queryKeyValueBias: config.attention_bias ?? false,
    outputBias: config.attention_bias ?? false,
  }),
});

/** 0 where it is that of the heads' size. */
export function attentionScale({
  query_pre_attn_scalar: size,
  head_dim,
}: {
  readonly query_pre_attn_scalar: number;
  readonly head_dim?: number | null | undefined;
}): number {
  return size === head_dim ? 0 : size ** -0.5;
}
