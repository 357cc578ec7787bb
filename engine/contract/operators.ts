/** What single operators of a graph cost, as ONNX Runtime's profiler has it. */
import { z } from 'zod';
import type { DeepReadonly } from './document.ts';

export const operatorSchema = z.object({
  /** Where in the graph it is, outermost first, such as "layers.0/attention"; empty for what lies in no part. */
  part: z.string(),
  name: z.string(),
  /** Its kind, such as "MatMul". */
  kind: z.string(),
  calls: z.int(),
  /**
   * Of all calls of a pass together, the median of the passes, under the profiler, which costs microseconds a call: a
   * share, not a latency. Without the operators inside of it, such as those of the branches of a choice, which are told
   * by themselves.
   */
  profiledMs: z.number(),
  /** Sizes of what the last call was given and gave, such as "1 × 577 × 1024". */
  inputs: z.array(z.string()),
  outputs: z.array(z.string()),
  /** What a call is given and gives on average, without the weights that ONNX Runtime has packed for itself. */
  bytesPerCall: z.number(),
});

/** Operators of one row of the report, in the order in which they first ran. */
export const profiledRowSchema = z.object({
  stage: z.string(),
  operators: z.array(operatorSchema),
});

export type Operator = DeepReadonly<z.infer<typeof operatorSchema>>;
export type ProfiledRow = DeepReadonly<z.infer<typeof profiledRowSchema>>;
