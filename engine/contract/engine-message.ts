/** What crosses the border to the engine process, which owns ONNX Runtime and may die. */
import { z } from 'zod';
import { exportRequestSchema } from './model-export.ts';
import { runEventSchema } from './run-event.ts';
import { runRequestSchema } from './run-request.ts';
import type { DeepReadonly } from './document.ts';

export const toEngineSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run'), runId: z.string(), request: runRequestSchema }),
  /** Tells of itself as a run does. */
  z.object({ type: z.literal('export'), runId: z.string(), request: exportRequestSchema }),
  z.object({ type: z.literal('cancel'), runId: z.string() }),
]);

export const fromEngineSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('events'), runId: z.string(), events: z.array(runEventSchema) }),
]);

/** What the engine process can be asked to do. */
export type Job = Exclude<ToEngine, { type: 'cancel' }>;

export type ToEngine = DeepReadonly<z.infer<typeof toEngineSchema>>;
export type FromEngine = DeepReadonly<z.infer<typeof fromEngineSchema>>;
