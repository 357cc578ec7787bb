/** A preset as a gallery or a list shows it. */
import { z } from 'zod';
import type { DeepReadonly } from './document.ts';
import { publicationSchema } from './publication.ts';

export const presetSummarySchema = z.object({
  id: z.string(),
  title: z.string(),
  about: z.string(),
  /** Where it stands in the field; null where its document does not say. */
  publication: publicationSchema.nullable(),
  /** Types of its nodes, each once. */
  nodeTypes: z.array(z.string()),
  /** What the published models of its nodes are called. */
  models: z.array(z.string()),
  /** What its language model is called; null where that has sizes of its own. */
  languageModel: z.string().nullable(),
  parameters: z.number(),
  /** Those that a new token goes through: fewer than all where experts are chosen. */
  activeParameters: z.number(),
  /** Those of everything but language models: encoders, projectors and what lies between. */
  otherParameters: z.number(),
  /** Visual tokens that reach the language model, and whether the picture decides how many. */
  visualTokens: z.number(),
  visualTokensKnown: z.boolean(),
  weightBytes: z.number(),
  peakBytes: z.number(),
  /** Does any stage use random weights? */
  random: z.boolean(),
});

export type PresetSummary = DeepReadonly<z.infer<typeof presetSummarySchema>>;

/** "576", or "≈ 41" where the picture decides. */
export function visualTokensText({
  visualTokens,
  visualTokensKnown,
}: Pick<PresetSummary, 'visualTokens' | 'visualTokensKnown'>): string {
  return `${visualTokensKnown ? '' : '≈ '}${visualTokens}`;
}
