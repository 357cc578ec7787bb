/** What a run measured, as `patchbay run --json` prints it. */
import { z } from 'zod';
import type { DeepReadonly } from './document.ts';
import { problemSchema } from './problem.ts';
import { machineSchema, stageFactsSchema } from './run-event.ts';

export const stageReportSchema = stageFactsSchema.extend({
  latencyMs: z.object({ median: z.number(), p95: z.number(), runs: z.int() }),
  memory: z.object({ weightsBytes: z.number(), peakBytes: z.number(), kvBytes: z.number() }),
  tokensIn: z.int().nullable(),
  tokensOut: z.int().nullable(),
  flops: z.number(),
});

export const reportSchema = z.object({
  /** Title of the graph. */
  graph: z.string(),
  machine: machineSchema.nullable(),
  stages: z.array(stageReportSchema),
  answer: z.object({ text: z.string(), tokenIds: z.array(z.int()) }).nullable(),
  totals: z.object({
    /** Medians over the runs. */
    wallMs: z.number(),
    stagesMs: z.number(),
    timeToFirstTokenMs: z.number().nullable(),
    prefillTokensPerSecond: z.number().nullable(),
    decodeTokensPerSecond: z.number().nullable(),
    peakBytes: z.number(),
  }),
  problems: z.array(problemSchema),
});

export type StageReport = DeepReadonly<z.infer<typeof stageReportSchema>>;
export type Report = DeepReadonly<z.infer<typeof reportSchema>>;
