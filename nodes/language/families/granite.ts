/** Granite, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import { defineFamily } from './family.ts';

/** Also of Granite with experts. */
export const graniteMultipliers = z.object({
  embedding_multiplier: z.number().nullish(),
  attention_multiplier: z.number().nullish(),
  residual_multiplier: z.number().nullish(),
  logits_scaling: z.number().nullish(),
});

export const graniteScales = (config: z.infer<typeof graniteMultipliers>) => ({
  embeddingScale: config.embedding_multiplier ?? 1,
  attentionScale: config.attention_multiplier ?? 1,
  residualScale: config.residual_multiplier ?? 1,
  // Logits are divided by it.
  logitScale: 1 / (config.logits_scaling ?? 1),
});

export const granite = defineFamily({
  title: 'Granite',
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
  },
  own: graniteMultipliers.extend({
    attention_bias: z.boolean().nullish(),
    mlp_bias: z.boolean().nullish(),
  }),
  adds: ({ attention_bias, mlp_bias, ...config }) => ({
    ...graniteScales(config),
    queryKeyValueBias: attention_bias ?? false,
    outputBias: attention_bias ?? false,
    feedForwardBias: mlp_bias ?? false,
  }),
});
