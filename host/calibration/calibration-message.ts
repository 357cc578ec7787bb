/** What crosses the border to the process that measures the machine, which is ended where a measurement is. */
import { z } from 'zod';
import { calibrationSchema } from '#engine/contract/calibration.ts';
import type { DeepReadonly } from '#engine/contract/document.ts';
import { problemSchema } from '#engine/contract/problem.ts';

export interface MeasureRequest {
  readonly secondsAtMost: number;
}

export const fromCalibrationProcessSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), share: z.number(), what: z.string() }),
  z.object({
    type: z.literal('measured'),
    rates: calibrationSchema.omit({ machine: true, measuredAt: true }),
    /** Time of processors that the process has taken, from its start. */
    processorMs: z.number(),
  }),
  z.object({ type: z.literal('failed'), problems: z.array(problemSchema) }),
]);

export type FromCalibrationProcess = DeepReadonly<z.infer<typeof fromCalibrationProcessSchema>>;
