/** What the window's process and the server's process say to each other. */
import { z } from 'zod';

/** Which of the server's processes: they are numbered as it asks for them. */
const child = z.int().min(1);

/** The programs that the server may ask for, by the name of their script. */
export const programSchema = z.enum(['engine-process', 'check-process', 'calibration-process']);
export type Program = z.infer<typeof programSchema>;

/** `port` is the one to take where it is free, so that a page that is open finds a restarted server again. */
export const toServerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), port: z.int().min(0).max(65_535) }),
  z.object({ type: z.literal('stop') }),
  z.object({ type: z.literal('program-started'), child, processId: z.int() }),
  z.object({ type: z.literal('program-said'), child, message: z.unknown() }),
  z.object({
    type: z.literal('program-ended'),
    child,
    code: z.int().nullable(),
    signal: z.string().nullable(),
    lastWords: z.string(),
  }),
]);

export const fromServerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('listening'), url: z.url(), port: z.int() }),
  z.object({ type: z.literal('failed'), sentences: z.array(z.string()).min(1) }),
  z.object({
    type: z.literal('start-program'),
    child,
    program: programSchema,
    args: z.array(z.string()),
    environment: z.record(z.string(), z.string()),
  }),
  z.object({ type: z.literal('tell-program'), child, message: z.looseObject({}) }),
  z.object({ type: z.literal('kill-program'), child }),
]);

export type ToServer = z.infer<typeof toServerSchema>;
export type FromServer = z.infer<typeof fromServerSchema>;
