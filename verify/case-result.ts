/** What came of checking one recorded reference case. */
import { z } from 'zod';
import type { DeepReadonly } from '#engine/contract/document.ts';

export const caseResultSchema = z.object({
  family: z.string(),
  name: z.string(),
  /** `unsupported`: nothing here can run it yet; the message says what is lacking. */
  status: z.enum(['pass', 'fail', 'unsupported']),
  /** Largest difference of any float output; null where nothing was compared. */
  maxAbsError: z.number().nullable(),
  atol: z.number(),
  message: z.string(),
});

export type CaseResult = DeepReadonly<z.infer<typeof caseResultSchema>>;
