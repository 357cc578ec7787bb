/** What a graph may take at most, and how fast it has to be, as its user sets it. */
import { z } from 'zod';
import type { DeepReadonly } from './document.ts';

/** Null where nothing is asked for; a limit of nothing would be broken by every graph. */
const limit = z.number().positive().max(1e18).nullable();

export const budgetSchema = z.object({
  timeToFirstTokenMs: limit,
  decodeTokensPerSecond: limit,
  /** Of the graph, without what the system and the engine process need. */
  peakBytes: limit,
  parameters: limit,
});

export type Budget = DeepReadonly<z.infer<typeof budgetSchema>>;
export type LimitName = keyof Budget;

export const noBudget: Budget = {
  timeToFirstTokenMs: null,
  decodeTokensPerSecond: null,
  peakBytes: null,
  parameters: null,
};
