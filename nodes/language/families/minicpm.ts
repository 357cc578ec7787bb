/** MiniCPM, by what its config.json says and leaves unsaid. */
import { z } from 'zod';
import type { DecoderArchitecture } from '../architecture/decoder-architecture.ts';
import { defineFamily } from './family.ts';

/** What keeps its activations alike at every width and depth (2404.06395). */
export const scalesSchema = z.object({
  scale_emb: z.number(),
  scale_depth: z.number(),
  dim_model_base: z.number(),
});

interface Sizes extends z.infer<typeof scalesSchema> {
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
}

export const scalesOf = (config: Sizes): Partial<DecoderArchitecture> => ({
  embeddingScale: config.scale_emb,
  // Visual tokens come in as they are (MiniCPM-V).
  scaledEmbeddings: 'words',
  residualScale: config.scale_depth / Math.sqrt(config.num_hidden_layers),
  logitScale: config.dim_model_base / config.hidden_size,
});

export const minicpm = defineFamily({
  title: 'MiniCPM',
  defaults: {
    vocab_size: 32_000,
    hidden_size: 4096,
    intermediate_size: 11_008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    max_position_embeddings: 2048,
    hidden_act: 'silu',
    rms_norm_eps: 1e-6,
    tie_word_embeddings: true,
    scale_emb: 1,
    scale_depth: 1,
    dim_model_base: 1,
  },
  own: scalesSchema.extend({ attention_bias: z.boolean().nullish() }),
  adds: (config) => ({
    ...scalesOf(config),
    queryKeyValueBias: config.attention_bias ?? false,
    outputBias: config.attention_bias ?? false,
  }),
});
