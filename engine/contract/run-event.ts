/** What a run tells while it goes on; the report is a fold over these. */
import { z } from 'zod';
import type { DeepReadonly } from './document.ts';
import { profiledRowSchema } from './operators.ts';
import { problemSchema } from './problem.ts';
import { runOptionsSchema } from './run-request.ts';
import { showingSchema } from './showing.ts';

export const machineSchema = z.object({
  platform: z.string(),
  cpu: z.string(),
  cores: z.int(),
  threads: z.int(),
  memoryBytes: z.number(),
  node: z.string(),
  onnxRuntime: z.string(),
  patchbay: z.string(),
});

/** What a language model does in turn; how it decodes decides which of these there are. */
export const languagePhases = [
  'tokenise',
  'embed',
  'prefill',
  'decode',
  'draft',
  'verify',
  'score',
] as const;

export type LanguagePhase = (typeof languagePhases)[number];

/** A row of the report: a stage, or one phase of a language model. */
export const stageFactsSchema = z.object({
  id: z.string(),
  node: z.string(),
  type: z.string(),
  title: z.string(),
  /** Null for a stage that is one row. */
  phase: z.enum(languagePhases).nullable(),
  precision: z.enum(['float32', 'int8', 'int4', 'w8a8']).nullable(),
  weights: z.enum(['random', 'checkpoint']).nullable(),
});

export const stagePhases = [
  'reading',
  'building',
  'preparing',
  'loading',
  'warming-up',
  'running',
  'profiling',
] as const;

/** All stages in memory together, or, where there is no room for that, each loaded when its turn comes and let go. */
export const holdings = ['together', 'in-turn'] as const;
export type Holding = (typeof holdings)[number];

/** How tokens that were guessed ahead fared. */
export const draftFactsSchema = z.object({ proposed: z.int(), accepted: z.int() });

/** Of a prompt that begins as the one before. */
export const reusedTokensSchema = z.object({ visual: z.int(), words: z.int() });

/** How likely a given answer is behind the prompt, in natural logarithms of its tokens' probabilities. */
const choiceScoreSchema = z.object({
  text: z.string(),
  tokens: z.int(),
  sum: z.number(),
  mean: z.number(),
});

/** Scores of all given answers, in order; the answer is the first of those whose sum, or mean, is largest. */
export const scoredChoicesSchema = z.object({
  ranksBy: z.enum(['sum', 'mean']),
  scores: z.array(choiceScoreSchema),
});

/** What else this machine did while passes were timed. */
export const noiseSchema = z.object({
  /** Of the time of all processors, what other processes took; null where passes were too short to tell. */
  othersShare: z.number().nullable(),
  /** What was moved between memory and disk for want of memory; null where the system does not say. */
  swappedBytes: z.number().nullable(),
  /** Lowest and highest clock of the processors in between; null where the system does not say. */
  clockMHz: z.object({ lowest: z.number(), highest: z.number() }).nullable(),
});

export const runEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('run-started'),
    machine: machineSchema,
    stages: z.array(stageFactsSchema),
    /** Which of their nodes reads what which other one gives. */
    wires: z.array(z.object({ from: z.string(), to: z.string() })),
    options: runOptionsSchema,
    holding: z.enum(holdings),
  }),
  /** A stage entered a phase, or got on in it. */
  z.object({
    type: z.literal('stage-progress'),
    stage: z.string(),
    phase: z.enum(stagePhases),
    /** 0 while warming up, then counted from 1. */
    run: z.int(),
    done: z.number().optional(),
    total: z.number().optional(),
    unit: z.enum(['bytes', 'tokens']).optional(),
  }),
  z.object({
    type: z.literal('stage-loaded'),
    stage: z.string(),
    weightsBytes: z.number(),
    /** Resident memory that loading and warming up added. */
    residentBytes: z.number(),
    /** Of which models that is; rows that run the same one each tell it, though it is held once. */
    models: z.array(
      z.object({ key: z.string(), weightsBytes: z.number(), residentBytes: z.number() }),
    ),
    loadMs: z.number(),
    /** Was the stage found ready: built before, or still loaded from the run before? */
    found: z.enum(['built', 'cached', 'loaded']),
  }),
  z.object({
    type: z.literal('stage-measured'),
    stage: z.string(),
    run: z.int(),
    latencyMs: z.number(),
    tokensIn: z.int().nullable(),
    tokensOut: z.int().nullable(),
    flops: z.number(),
    /** Weights that were read, state, what was given and made; null where that is not known. */
    movedBytes: z.number().nullable(),
    /** Highest resident memory of the stage on its own while it ran. */
    peakBytes: z.number(),
    /** What is carried from token to token: keys and values, and what recurrent layers remember. */
    keyValueBytes: z.number(),
    recurrentBytes: z.number(),
  }),
  /** A stage was given what it was given in the run before, so what it gave then stands, and no time was taken. */
  z.object({
    type: z.literal('stage-reused'),
    stage: z.string(),
    run: z.int(),
    tokensIn: z.int().nullable(),
    tokensOut: z.int().nullable(),
  }),
  /** Tokens of a prompt that the run before had read; told of every prompt where they are to be reused. */
  z.object({
    type: z.literal('prompt-reused'),
    /** The language model's node. */
    node: z.string(),
    run: z.int(),
    ...reusedTokensSchema.shape,
  }),
  z.object({
    type: z.literal('token'),
    /** The language model's node. */
    node: z.string(),
    run: z.int(),
    /** Which of the answers to its prompt, from 0. */
    index: z.int(),
    id: z.int(),
    text: z.string(),
  }),
  z.object({
    type: z.literal('answer'),
    node: z.string(),
    run: z.int(),
    index: z.int(),
    text: z.string(),
    tokenIds: z.array(z.int()),
    /** From the start of the pass, the answers before it included; null for one that was not written. */
    timeToFirstTokenMs: z.number().nullable(),
    /** From the end of the prompt or of the answer before it. */
    writingMs: z.number(),
    draft: draftFactsSchema.nullable(),
    /** Of all given answers, of which this is the likeliest; null where it was written. */
    choices: scoredChoicesSchema.nullable(),
  }),
  z.object({
    type: z.literal('run-measured'),
    run: z.int(),
    wallMs: z.number(),
    /** Highest resident memory of the engine process during the pass. */
    peakBytes: z.number(),
  }),
  /** Told once, after the last timed pass. */
  z.object({ type: z.literal('noise-watched'), noise: noiseSchema }),
  /**
   * Resident memory of the engine process: as the run begins and ends, right behind `stage-loaded`, at both ends of what
   * `stage-measured` tells of, and now and then in what takes long. Several hundred of a run at most.
   */
  z.object({
    type: z.literal('memory-sampled'),
    /** Since the run began. Those of a short stage come late, with what was measured of it. */
    atMs: z.number(),
    /** At the end of a stage the highest while it ran, where the system tells. */
    residentBytes: z.number(),
    /** The row at work, and what it was at; null between rows. */
    stage: z.string().nullable(),
    phase: z.enum(stagePhases).nullable(),
  }),
  /** What single operators of a row cost, in passes of their own after the timed ones. */
  z.object({ type: z.literal('operators-profiled'), ...profiledRowSchema.shape }),
  /** What a node did to what it was given to see, after the last timed pass and outside of it. */
  z.object({ type: z.literal('shown'), showing: showingSchema }),
  z.object({ type: z.literal('run-warned'), problems: z.array(problemSchema) }),
  z.object({ type: z.literal('run-finished') }),
  z.object({ type: z.literal('run-failed'), problems: z.array(problemSchema) }),
  z.object({ type: z.literal('run-cancelled') }),
]);

/** "Language model · prefill" */
export function rowTitle({ title, phase }: Pick<StageFacts, 'title' | 'phase'>): string {
  return phase === null ? title : `${title} · ${phase}`;
}

/** Does this row write new tokens, by whatever way of decoding? */
export function isDecoding({ phase }: Pick<StageFacts, 'phase'>): boolean {
  return phase === 'decode' || phase === 'draft' || phase === 'verify';
}

export type ChoiceScore = DeepReadonly<z.infer<typeof choiceScoreSchema>>;
export type ScoredChoices = DeepReadonly<z.infer<typeof scoredChoicesSchema>>;
export type ReusedTokens = DeepReadonly<z.infer<typeof reusedTokensSchema>>;
export type DraftFacts = DeepReadonly<z.infer<typeof draftFactsSchema>>;
export type RunEvent = DeepReadonly<z.infer<typeof runEventSchema>>;
export type Noise = DeepReadonly<z.infer<typeof noiseSchema>>;
export type Machine = DeepReadonly<z.infer<typeof machineSchema>>;
export type StageFacts = DeepReadonly<z.infer<typeof stageFactsSchema>>;
export type StagePhase = (typeof stagePhases)[number];

/** Events after which nothing more comes. */
export function isLast({ type }: RunEvent): boolean {
  return type === 'run-finished' || type === 'run-failed' || type === 'run-cancelled';
}
