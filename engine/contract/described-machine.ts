/** A machine that is not here, as a file describes it: what is published of it, from which peaks follow. */
import { z } from 'zod';
import type { DeepReadonly } from './document.ts';
import { sizedText } from './sized.ts';

/** Between figures that some processor of the last twenty years or of the next ten could have; others are slips of a unit. */
const between = (least: number, most: number) => z.number().min(least).max(most);

/** Cores of one kind; slow ones beside fast ones are best left out, as a product waits for whoever is last. */
const coresSchema = z.strictObject({
  title: sizedText(1, 60),
  count: z.int().min(1).max(1024),
  gigahertz: between(0.1, 10),
  /** In float32; two a multiply-add. */
  flopsPerCycle: between(1, 1024),
});

const sourceSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** What is taken from there. */
  says: sizedText(1, 300),
  /** False where whoever wrote the file could not open it. */
  read: z.boolean().default(true),
});

export const describedMachineSchema = z.strictObject({
  title: sizedText(1, 80),
  memoryBytes: between(1e8, 1e14),
  /** Width × rate of the memory. */
  memoryBytesPerSecond: between(1e8, 1e13),
  cores: z.array(coresSchema).min(1).max(8),
  /** What is taken for granted, and how figures follow from sources. */
  notes: z.array(sizedText(1, 400)).max(20).default([]),
  sources: z.array(sourceSchema).max(20).default([]),
});

export const machineFileLimits = {
  /** One with every note and source has some ten thousand. */
  bytes: 64 * 1024,
} as const;

export type DescribedMachine = DeepReadonly<z.infer<typeof describedMachineSchema>>;
