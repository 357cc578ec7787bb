/** Test support: answers as a language stage writes them, without the text. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { DraftFacts } from '#engine/contract/run-event.ts';
import type { Sampling } from '#engine/node/host-step.ts';
import { normalNumbers } from '#nodes/normal-numbers.testing.ts';
import { valueOf } from './value-of.testing.ts';
import type { Prompt } from '#host/text/prompt.ts';
import type { AnswerContext } from '#host/language/adjusted-logits.ts';
import type { Decode, DecodingPhase, DecodingTurn } from '#host/language/decoding.ts';
import type { LanguageModel } from '#host/language/language-model.ts';
import { embedSequence, type PromptSequence } from '#host/language/prompt-sequence.ts';
import { TokenChoice } from '#host/language/sampling.ts';

export const picture = { kind: 'visual', run: 0 } as const;
export const words: Prompt = {
  text: '',
  segments: [
    { kind: 'words', ids: [3, 14, 15, 92] },
    picture,
    { kind: 'words', ids: [65, 35, 8, 9, 79] },
  ],
};
/** 9 tokens. */
export const justWords: PromptSequence = { prompt: words, visual: [] };
/** 22 tokens, 13 of them visual. */
export const withPicture = (hiddenSize: number): PromptSequence => ({
  prompt: words,
  visual: [{ parts: [normalNumbers(13 * hiddenSize, 5)], count: 13 }],
});

export interface Wanted {
  readonly most?: number;
  readonly ends?: readonly number[];
  readonly choosing?: Sampling['strategy'];
  readonly penalties?: Partial<Sampling>;
  readonly context?: AnswerContext;
  /** Of what is drawn. */
  readonly seed?: number;
}

export interface Written {
  readonly ids: readonly number[];
  readonly draft: DraftFacts | null;
  /** The rows that counted time, in turn. */
  readonly phases: readonly DecodingPhase[];
}

/** Draws from a few tokens, and changes no logits. */
export const someSampling: Sampling = {
  strategy: 'sample',
  temperature: 0.9,
  topK: 20,
  topP: 0.95,
  minP: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  bias: [],
  stops: [],
  answerCount: 1,
  seed: 7,
  maxNewTokens: 0,
  stopAtEndOfText: true,
};

export async function answer(
  model: LanguageModel,
  prompt: PromptSequence,
  decode: Decode,
  { most = 40, ends = [], choosing = 'greedy', penalties = {}, context, seed = 7 }: Wanted = {},
): Promise<Written> {
  const { embeddings, visual } = await embedSequence(model, prompt);
  const logits = await model.prefill(embeddings, visual, most);
  const ids: number[] = [];
  const phases: DecodingPhase[] = [];
  const sampling = { ...someSampling, ...penalties, strategy: choosing, seed };
  const choice = new TokenChoice(sampling, context);
  const turn: DecodingTurn = {
    model,
    prompt,
    logits,
    choose: (scores) => choice.choose(scores),
    foresee: (scores, guesses) => choice.foresee(scores, guesses),
    ends: new Set(ends),
    write(id) {
      ids.push(id);
      choice.write(id);
      return !ends.includes(id) && ids.length < most;
    },
    room: () => most - ids.length,
    async timed<Found>(phase: DecodingPhase, work: () => Promise<Found>): Promise<Outcome<Found>> {
      phases.push(phase);
      return ok(await work());
    },
  };
  return { ids, draft: valueOf(await decode(turn)), phases };
}
