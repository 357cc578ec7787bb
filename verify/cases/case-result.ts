/** What came of checking one recorded reference case. */
import { z } from 'zod';
import type { DeepReadonly } from '#engine/contract/document.ts';

export const caseResultSchema = z.object({
  family: z.string(),
  name: z.string(),
  /** `unsupported`: nothing here can run it yet; the message says what is lacking. */
  status: z.enum(['pass', 'fail', 'unsupported']),
  /** Largest difference of any float; null where nothing was compared, or could be. */
  maxAbsError: z.number().nullable(),
  atol: z.number(),
  /** Why it does not pass; empty where it does. */
  message: z.string(),
  /** Of the recorded values, by name, those that were compared. */
  compared: z.array(z.string()),
  recorded: z.array(z.string()),
  exempt: z.array(z.object({ name: z.string(), reason: z.string() })),
});

export type CaseResult = DeepReadonly<z.infer<typeof caseResultSchema>>;
