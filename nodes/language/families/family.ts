/** What a family of decoder-only language models says of itself, beside the figures that all configurations share. */
import { z } from 'zod';
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { Outcome } from '#engine/contract/outcome.ts';
import { namedLayers, readFigures } from '../../config/published-config.ts';
import type { DecoderArchitecture } from '../architecture/decoder-architecture.ts';

const rotarySchema = z.object({
  rope_type: z.string().optional(),
  /** The oldest spelling of `rope_type`. */
  type: z.string().optional(),
  rope_theta: z.number().optional(),
  partial_rotary_factor: z.number().optional(),
  factor: z.number().optional(),
  low_freq_factor: z.number().optional(),
  high_freq_factor: z.number().optional(),
  original_max_position_embeddings: z.number().optional(),
  short_factor: z.array(z.number()).optional(),
  long_factor: z.array(z.number()).optional(),
  /** How DeepSeek-V2 weighs YaRN's magnitude: of what is rotated, and of scores. */
  mscale: z.number().optional(),
  mscale_all_dim: z.number().optional(),
  /** Channel pairs that time, row and column turn. */
  mrope_section: z.tuple([z.int(), z.int(), z.int()]).optional(),
});

/** What all share, as published, in the spelling before and since transformers 5. */
export const decoderConfigSchema = z.object({
  vocab_size: z.int(),
  hidden_size: z.int(),
  /** Four times the hidden size where it is not said. */
  intermediate_size: z.int().nullish(),
  num_hidden_layers: namedLayers,
  num_attention_heads: z.int(),
  num_key_value_heads: z.int().nullish(),
  head_dim: z.int().nullish(),
  max_position_embeddings: z.int(),
  /** Beside the scaling it is for (Phi-3). */
  original_max_position_embeddings: z.int().nullish(),
  hidden_act: z.string(),
  hidden_activation: z.string().nullish(),
  rms_norm_eps: z.number().optional(),
  layer_norm_eps: z.number().optional(),
  tie_word_embeddings: z.boolean(),
  partial_rotary_factor: z.number().optional(),
  rope_theta: z.number().optional(),
  rope_scaling: rotarySchema.nullish(),
  /** Of all layers, or of each kind of layer. */
  rope_parameters: rotarySchema
    .extend({
      full_attention: rotarySchema.optional(),
      sliding_attention: rotarySchema.optional(),
    })
    .nullish(),
  rope_local_base_freq: z.number().nullish(),
  layer_types: z.array(z.string()).nullish(),
  sliding_window: z.int().nullish(),
  sliding_window_pattern: z.int().nullish(),
  use_sliding_window: z.boolean().nullish(),
  max_window_layers: z.int().nullish(),
  use_bidirectional_attention: z.boolean().nullish(),
});
export type DecoderConfig = z.infer<typeof decoderConfigSchema>;

export interface DecoderFamily {
  readonly title: string;
  /** What the library means by saying nothing: the configurations of whole models leave much unsaid. */
  readonly defaults: JsonObject;
  /** Its own names of figures that all share, and the shared name of each. */
  readonly spellings: Readonly<Record<string, string>>;
  /** What the family adds to the figures that all share. */
  readonly adds: (config: DecoderConfig, json: JsonObject) => Outcome<Partial<DecoderArchitecture>>;
}

interface Declared<Own> {
  readonly title: string;
  readonly defaults: JsonObject;
  readonly spellings?: Readonly<Record<string, string>>;
  /** Figures that only this family's configurations have. */
  readonly own: z.ZodType<Own>;
  readonly adds: (config: DecoderConfig & Own) => Partial<DecoderArchitecture>;
}

/** Sizes that all models of a family share, but for what their configurations say. */
export function defineFamily<Own>({
  title,
  defaults,
  spellings = {},
  own,
  adds,
}: Declared<Own>): DecoderFamily {
  return {
    title,
    defaults,
    spellings,
    adds(config, json) {
      const figures = readFigures(own, json, 'config.json');
      return figures.ok ? { ok: true, value: adds({ ...config, ...figures.value }) } : figures;
    },
  };
}
