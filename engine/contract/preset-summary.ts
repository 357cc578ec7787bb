/** A preset as a gallery or a list shows it. */
import { z } from 'zod';
import type { DeepReadonly } from './document.ts';

export const presetSummarySchema = z.object({
  id: z.string(),
  title: z.string(),
  about: z.string(),
  /** Types of its nodes, each once. */
  nodeTypes: z.array(z.string()),
  parameters: z.number(),
  /** Visual tokens that reach the language model, and whether the picture decides how many. */
  visualTokens: z.number(),
  visualTokensKnown: z.boolean(),
  weightBytes: z.number(),
  peakBytes: z.number(),
  /** Does any stage use random weights? */
  random: z.boolean(),
});

export type PresetSummary = DeepReadonly<z.infer<typeof presetSummarySchema>>;
