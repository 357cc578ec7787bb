/** What the stage cache holds. */
import { z } from 'zod';
import type { DeepReadonly } from './document.ts';

export const cacheStatusSchema = z.object({
  folder: z.string(),
  limitBytes: z.number(),
  totalBytes: z.number(),
  /** The most recently used first. */
  entries: z.array(
    z.object({ key: z.string(), title: z.string(), sizeBytes: z.number(), lastUsed: z.string() }),
  ),
});

export type CacheStatus = DeepReadonly<z.infer<typeof cacheStatusSchema>>;
export type CacheEntry = CacheStatus['entries'][number];
