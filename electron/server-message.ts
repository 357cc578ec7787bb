/** What the window's process and the server's process say to each other. */
import { z } from 'zod';

/** `port` is the one to take where it is free, so that a page that is open finds a restarted server again. */
export const toServerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('start'), port: z.int().min(0).max(65_535) }),
  z.object({ type: z.literal('stop') }),
]);

export const fromServerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('listening'), url: z.url(), port: z.int() }),
  z.object({ type: z.literal('failed'), sentences: z.array(z.string()).min(1) }),
]);

export type ToServer = z.infer<typeof toServerSchema>;
export type FromServer = z.infer<typeof fromServerSchema>;
