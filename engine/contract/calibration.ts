/** What a machine reaches at best, measured by the kernels that Patchbay's graphs are made of. */
import { z } from 'zod';
import type { DeepReadonly } from './document.ts';
import { problemSchema } from './problem.ts';
import { machineSchema } from './run-event.ts';

/** Operations or bytes in a second, or a time: none of them is nothing. */
const figure = z.number().positive();

/** Of the machine that it names, be it this one or one that is only described. */
export const calibrationSchema = z.object({
  machine: machineSchema,
  /** ISO 8601. */
  measuredAt: z.iso.datetime(),
  /** Of products with a matrix of weights, by the precision of that matrix; two operations a multiply-add. */
  matrixFlopsPerSecond: z.object({ float32: figure, int8: figure, int4: figure, w8a8: figure }),
  /** Plainly read, by as many readers as ONNX Runtime has threads. */
  memoryBytesPerSecond: figure,
  /** What one more small operator adds to a run of a session. */
  launchMicroseconds: figure,
});

export const calibrationLimits = {
  /** Of measuring; building what is measured takes some more. */
  secondsAtMost: 60,
  usualSeconds: 45,
  /** Of all processors, what other programs may take meanwhile. */
  usualOthersShare: 0.1,
} as const;

export const calibrationRequestSchema = z.object({
  /** Fewer seconds give rougher figures. */
  secondsAtMost: z.number().min(1).max(calibrationLimits.secondsAtMost).optional(),
  /** Beyond this share of all processors, taken by other programs, nothing is kept; 1 keeps whatever is measured. */
  othersShareAtMost: z.number().min(0).max(1).optional(),
});

/** Where a measurement stands; the last of each is one of those that are not `measuring`. */
export const calibrationStateSchema = z.discriminatedUnion('is', [
  /** `share` is how much of it is done, `what` is measured now, such as "memory". */
  z.object({ is: z.literal('measuring'), share: z.number(), what: z.string() }),
  z.object({ is: z.literal('measured'), calibration: calibrationSchema }),
  z.object({ is: z.literal('failed'), problems: z.array(problemSchema) }),
  z.object({ is: z.literal('cancelled') }),
]);

export type Calibration = DeepReadonly<z.infer<typeof calibrationSchema>>;
export type CalibrationRequest = DeepReadonly<z.infer<typeof calibrationRequestSchema>>;
export type CalibrationState = DeepReadonly<z.infer<typeof calibrationStateSchema>>;
/** The figures alone, without where and when. */
export type MachineRates = Omit<Calibration, 'machine' | 'measuredAt'>;
