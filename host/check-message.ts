/** What crosses the border to the process that checks graphs, which is ended where a check is. */
import { z } from 'zod';
import type { DeepReadonly, GraphDocument } from '#engine/contract/document.ts';
import { problemSchema, type Problem } from '#engine/contract/problem.ts';

/** A graph whose document has been read; relative paths in it are taken from `baseFolder`. */
export interface CheckRequest {
  readonly document: GraphDocument;
  readonly baseFolder: string;
  /** The places in it that the user has not chosen: told, and not looked at. */
  readonly unchosen: readonly Problem[];
}

export const fromCheckProcessSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('checking') }),
  z.object({ type: z.literal('checked'), problems: z.array(problemSchema) }),
]);

export type FromCheckProcess = DeepReadonly<z.infer<typeof fromCheckProcessSchema>>;
