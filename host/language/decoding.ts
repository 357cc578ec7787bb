/** How an answer is written once the prompt is read: the seam between the stage and the ways of decoding. */
import type { Outcome } from '#engine/contract/outcome.ts';
import type { DraftFacts, LanguagePhase } from '#engine/contract/run-event.ts';
import type { LanguageModelStep } from '#engine/node/host-step.ts';
import type { LanguageModel } from './language-model.ts';
import type { PromptSequence } from './prompt-sequence.ts';

export type AnswerPhase = DecodingPhase | 'score';
export type DecodingPhase = Extract<LanguagePhase, 'decode' | 'draft' | 'verify'>;

/** The rows of the report that an answer fills, in running order; the last is that of the model itself. */
export function answerPhases({
  decoding,
  choices,
}: Pick<LanguageModelStep, 'decoding' | 'choices'>): readonly AnswerPhase[] {
  if (choices !== null) return ['score'];
  return decoding.kind === 'plain' ? ['decode'] : ['draft', 'verify'];
}

/** What a turn of decoding is given. */
export interface DecodingTurn {
  /** It has read the prompt. */
  readonly model: LanguageModel;
  readonly prompt: PromptSequence;
  /** Logits [V] of the prompt's last place. */
  readonly logits: Float32Array;
  /** The next token of logits [V]; each token of the answer is asked for once, in order. */
  readonly choose: (logits: Float32Array) => number;
  /** What `choose` would make of logits [V] behind guesses that follow what is written. */
  readonly foresee: (logits: Float32Array, guesses: readonly number[]) => number;
  /** Nothing follows these tokens. */
  readonly ends: ReadonlySet<number>;
  /** Takes a token of the answer; false once no more are wanted. */
  readonly write: (id: number) => boolean;
  /** Tokens that may still follow those written. */
  readonly room: () => number;
  /** Runs work that counts towards a row of the report; fails once the run is cancelled. */
  readonly timed: <Value>(
    phase: DecodingPhase,
    work: () => Promise<Value>,
  ) => Promise<Outcome<Value>>;
}

/** Tells how many tokens were guessed ahead and kept; null where none were. */
export type Decode = (turn: DecodingTurn) => Promise<Outcome<DraftFacts | null>>;
