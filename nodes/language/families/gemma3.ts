/** Gemma 3's language model, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';
import { attentionScale } from './gemma2.ts';

export const gemma3 = defineFamily({
  title: 'Gemma 3',
  defaults: {
    vocab_size: 262_208,
    hidden_size: 2304,
    intermediate_size: 9216,
    num_hidden_layers: 26,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: 256,
    max_position_embeddings: 131_072,
    hidden_act: 'gelu_pytorch_tanh',
    rms_norm_eps: 1e-6,
    rope_theta: 1_000_000,
    rope_local_base_freq: 10_000,
    sliding_window: 4096,
    sliding_window_pattern: 6,
    query_pre_attn_scalar: 256,
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
    queryKeyNorm: 'head-rms',
    embeddingScale: Math.sqrt(config.hidden_size),
    scaledEmbeddings: 'words',
    attentionScale: attentionScale(config),
    attentionSoftCap: config.attn_logit_softcapping ?? 0,
    logitSoftCap: config.final_logit_softcapping ?? 0,
    queryKeyValueBias: config.attention_bias ?? false,
    outputBias: config.attention_bias ?? false,
  }),
});
