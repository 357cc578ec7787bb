/** What a caller asks of a run. */
import { z } from 'zod';
import { sizedList, sizedText } from './sized.ts';
import { documentLimits, documentSchema, type DeepReadonly } from './document.ts';
import { clipSourceSchema, imageSourceSchema } from './sources.ts';

export const runLimits = {
  /** Each run costs a full pass; more say nothing new about a median. */
  runs: 1000,
  newTokens: 65_536,
  /** More than any machine has cores. */
  threads: 1024,
  /** A petabyte. */
  memoryBytes: 1e15,
  /** More than any context holds the tokens of. */
  pictures: 64,
  promptCharacters: 50_000,
  /** Runs that go on or wait. A window starts four at most. */
  going: 20,
  /** What their graphs hold together, as JSON: four of the largest. In memory it is about twice that. */
  goingBytes: 4 * documentLimits.bytes,
} as const;

/** Among the programs of the machine. */
export const priorities = ['normal', 'high'] as const;
export type Priority = (typeof priorities)[number];

export const runRequestSchema = z.object({
  document: documentSchema,
  /** In place of what the graph's own input nodes say. */
  images: sizedList(imageSourceSchema, 1, runLimits.pictures).optional(),
  video: clipSourceSchema.optional(),
  prompt: sizedText(0, runLimits.promptCharacters).optional(),
  maxNewTokens: z.int().min(1).max(runLimits.newTokens).optional(),
  /** Seed of random weights and of sampling. */
  seed: z.int().min(0).max(0xffff_ffff).optional(),
  /** Timed passes over the whole graph, after one that warms up; where it is not said, until the figures are steady. */
  runs: z.int().min(1).max(runLimits.runs).optional(),
  /** That ONNX Runtime may use inside an operator; one a core where it is not said. */
  threads: z.int().min(1).max(runLimits.threads).optional(),
  /** Where it is high, the run comes before other programs, as far as the system allows it. */
  priority: z.enum(priorities).optional(),
  /** At most so much resident memory: stages that do not fit together are loaded in turn. */
  memoryBytes: z.int().min(1).max(runLimits.memoryBytes).optional(),
  /**
   * Reuse what the run before has read, where that was run with this too: graphs that are given the same, and the words and
   * visual tokens with which the prompt begins alike. Of one pass only; what is reused is told.
   */
  reuse: z.boolean().optional(),
  /** After the timed passes some more under ONNX Runtime's profiler, of which every operator is told. */
  operators: z.boolean().optional(),
  /** Run only what leads to this node. */
  until: z.string().optional(),
  /** Folder against which relative paths of the graph are resolved. */
  baseFolder: z.string().optional(),
});

/** What of it bears on the figures, as their report says it. */
export const runOptionsSchema = runRequestSchema.pick({
  runs: true,
  threads: true,
  priority: true,
  memoryBytes: true,
  reuse: true,
  maxNewTokens: true,
  seed: true,
  until: true,
});

export type RunOptions = DeepReadonly<z.infer<typeof runOptionsSchema>>;
export type RunRequest = DeepReadonly<z.infer<typeof runRequestSchema>>;
