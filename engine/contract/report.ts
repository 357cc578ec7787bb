/** What a run measured, as `patchbay run --json` prints it. */
import { z } from 'zod';
import type { DeepReadonly } from './document.ts';
import { profiledRowSchema } from './operators.ts';
import { problemSchema } from './problem.ts';
import {
  draftFactsSchema,
  machineSchema,
  noiseSchema,
  reusedTokensSchema,
  scoredChoicesSchema,
  stageFactsSchema,
  stagePhases,
} from './run-event.ts';
import { runOptionsSchema } from './run-request.ts';
import { showingSchema } from './showing.ts';

/** Where a median lies, with so much certainty; see `engine/profile/statistics.ts`. */
const intervalSchema = z.object({ from: z.number(), to: z.number(), certainty: z.number() });

/** Of the timed passes. */
const latencySchema = z.object({
  median: z.number(),
  /** Median of the distances from the median. */
  deviation: z.number(),
  /** Null for a single pass. */
  interval: intervalSchema.nullable(),
  /** Null below 20 passes. */
  p95: z.number().nullable(),
  runs: z.int(),
});

export const stageReportSchema = stageFactsSchema.extend({
  latencyMs: latencySchema,
  memory: z.object({
    weightsBytes: z.number(),
    peakBytes: z.number(),
    /** All that is carried from token to token, and the part of it that is keys and values. */
    stateBytes: z.number(),
    kvBytes: z.number(),
  }),
  tokensIn: z.int().nullable(),
  tokensOut: z.int().nullable(),
  flops: z.number(),
  /** Bytes that it could not but move: weights, state, what it was given and made; null where that is not known. */
  movedBytes: z.number().nullable(),
  /** What it gave in the run before stands, so it did not run. */
  reused: z.boolean(),
});

const answerSchema = z.object({ text: z.string(), tokenIds: z.array(z.int()) }).nullable();

/** One of several answers to the same prompt, with the time that it alone took. */
const sampledAnswerSchema = z.object({
  text: z.string(),
  tokenIds: z.array(z.int()),
  writingMs: z.number(),
});

const speedsSchema = z.object({
  /** Medians over the runs, from the start of the pass. */
  timeToFirstTokenMs: z.number().nullable(),
  timeToFirstTokenInterval: intervalSchema.nullable(),
  prefillTokensPerSecond: z.number().nullable(),
  /** Null where all passes together wrote too few tokens to tell. */
  decodeTokensPerSecond: z.number().nullable(),
});

/** What one language model of the graph did. */
export const languageReportSchema = speedsSchema.extend({
  node: z.string(),
  title: z.string(),
  /** The first, where there are several. */
  answer: answerSchema,
  /** All of the last run, in order. */
  answers: z.array(sampledAnswerSchema),
  /** How likely given answers are; null where the answer was written. */
  choices: scoredChoicesSchema.nullable(),
  /** Has it random weights, or anything whose values reach it? Then its words mean nothing. */
  hasRandomWeights: z.boolean(),
  /** Tokens guessed ahead over the last run; null where it wrote them one at a time. */
  draft: draftFactsSchema.nullable(),
  /** Tokens of the prompt that the run before had read; null where none were to be reused. */
  reused: reusedTokensSchema.nullable(),
});

/** What the engine process held at one moment of a run. */
const memoryMomentSchema = z.object({
  /** Since the run began. */
  atMs: z.number(),
  /** All of it, as sampled; at the end of a stage the highest while it ran. */
  residentBytes: z.number(),
  /** The part of it, in bytes, that is known to be of stages. */
  byKind: z.object({
    weights: z.number(),
    /** What ONNX Runtime holds of loaded models beyond their weights. */
    packedCopies: z.number(),
    /** Keys and values, and what recurrent layers remember. */
    state: z.number(),
    /** Beyond all of these, the highest of the stage at work in a timed pass. */
    activations: z.number(),
  }),
  /** The row at work, and what it was at; null between rows. */
  stage: z.string().nullable(),
  phase: z.enum(stagePhases).nullable(),
});

export const reportSchema = z.object({
  /** Title of the graph. */
  graph: z.string(),
  machine: machineSchema.nullable(),
  /** What was asked for; null for a run that did not start. */
  options: runOptionsSchema.nullable(),
  /** What else went on while passes were timed; null where none was. */
  noise: noiseSchema.nullable(),
  stages: z.array(stageReportSchema),
  languageModels: z.array(languageReportSchema),
  /** Answer and speeds are those of the one language model; where there are several, each has its own above. */
  answer: answerSchema,
  totals: speedsSchema.extend({
    /** Medians over the runs. */
    wallMs: z.number(),
    wallInterval: intervalSchema.nullable(),
    stagesMs: z.number(),
    peakBytes: z.number(),
  }),
  /** From the run's begin to the end of its timed passes; of a run that died, as far as it was told. */
  memoryOverTime: z.array(memoryMomentSchema),
  /** What single operators cost, by row; of a run that was asked for it. */
  operators: z.array(profiledRowSchema),
  /** What nodes did to what they were given to see, in the last pass. */
  showings: z.array(showingSchema),
  problems: z.array(problemSchema),
});

export type Interval = DeepReadonly<z.infer<typeof intervalSchema>>;
export type Latency = DeepReadonly<z.infer<typeof latencySchema>>;
export type StageReport = DeepReadonly<z.infer<typeof stageReportSchema>>;
export type SampledAnswer = DeepReadonly<z.infer<typeof sampledAnswerSchema>>;
export type LanguageReport = DeepReadonly<z.infer<typeof languageReportSchema>>;
export type MemoryMoment = DeepReadonly<z.infer<typeof memoryMomentSchema>>;
export type MemoryKind = keyof MemoryMoment['byKind'];
export type Report = DeepReadonly<z.infer<typeof reportSchema>>;
