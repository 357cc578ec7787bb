/** What crosses the border to the process that checks recorded cases, which owns ONNX Runtime and may die. */
import { z } from 'zod';
import type { DeepReadonly } from '#engine/contract/document.ts';
import { caseResultSchema } from '../cases/case-result.ts';

/** The folder of a case to check. */
export const toCheckerSchema = z.object({ folder: z.string() });
export const fromCheckerSchema = z.object({
  type: z.literal('case-verified'),
  result: caseResultSchema,
});

export type ToChecker = Readonly<z.infer<typeof toCheckerSchema>>;
export type FromChecker = DeepReadonly<z.infer<typeof fromCheckerSchema>>;
