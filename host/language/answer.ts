/** Writes answers: chooses tokens, streams their text, and fills the rows of whatever way of decoding there is. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import type { Decoding } from '#engine/node/host-step.ts';
import { AnswerStream } from '../text/answer-stream.ts';
import { refusable } from '../sessions/load-model.ts';
import type { AnswerContext } from './adjusted-logits.ts';
import { CallCount } from './call-count.ts';
import { decodePlainly } from './decode-plainly.ts';
import { answerPhases, type Decode, type DecodingPhase } from './decoding.ts';
import { draftAndVerify } from './draft-and-verify.ts';
import { draftModel, earlyExit } from './drafters.ts';
import { stateFacts, type Generation, type LoadedLanguage } from './generation.ts';
import type { PromptSequence } from './prompt-sequence.ts';
import { TokenChoice } from './sampling.ts';

/** As it is told, but for the run. */
export type Answer = Omit<Extract<RunEvent, { type: 'answer' }>, 'type' | 'run'>;

/** What each row's model was called with. */
type Calls = ReadonlyMap<DecodingPhase, CallCount>;

/** What all answers begin with. */
export interface ReadPrompt {
  readonly prompt: PromptSequence;
  /** Logits [V] of its last place. */
  readonly logits: Float32Array;
  readonly context: AnswerContext;
}

function decodeOf(decoding: Decoding, { draft }: LoadedLanguage): Decode {
  if (decoding.kind === 'plain') return decodePlainly;
  const drafter =
    decoding.kind === 'draft' && draft ? draftModel(draft.model, decoding) : earlyExit();
  return draftAndVerify(drafter, decoding.draftLength);
}

/** As many answers as are wanted, each of at most `most` new tokens behind the prompt, which is read once. */
export function writeAnswers(
  generation: Generation,
  read: ReadPrompt,
  most: number,
): Promise<Outcome<readonly Answer[]>> {
  const { step, language, row, pass, context } = generation;
  const phases = answerPhases(step) as readonly DecodingPhase[];
  const calls: Calls = new Map(phases.map((phase) => [phase, new CallCount()]));
  const rows = phases.map((phase) => ({
    stage: row(phase),
    ownBytes: heldBytes(language, phase),
  }));
  return pass.turns(
    rows,
    (enter) => {
      const stage = rows.at(-1)?.stage as string;
      const { phase, run } = pass;
      const total = most * step.sampling.answerCount;
      const progress = { phase, run, done: 0, total, unit: 'tokens' } as const;
      context.emit({ type: 'stage-progress', stage, ...progress });
      return writeAll(generation, { ...read, most, enter, calls });
    },
    (answers, stage) => {
      const phase = phases.find((each) => row(each) === stage) as DecodingPhase;
      const { model, graph } = modelOf(generation, phase);
      return {
        tokensOut: sumOf(answers, ({ draft, tokenIds }) =>
          phase === 'draft' ? (draft?.proposed ?? 0) : tokenIds.length,
        ),
        flops: calls.get(phase)?.flops(graph) ?? 0,
        movedBytes: calls.get(phase)?.movedBytes(graph) ?? 0,
        ...stateFacts(model),
      };
    },
  );
}

const sumOf = (answers: readonly Answer[], of: (answer: Answer) => number): number =>
  answers.reduce((sum, answer) => sum + of(answer), 0);

/** The model that a row runs. */
function modelOf({ language, step }: Generation, phase: DecodingPhase) {
  const { draft } = language;
  return phase === 'draft' && draft && step.decoding.kind === 'draft'
    ? { model: draft.model, graph: step.decoding.graphs.decoder }
    : { model: language.model, graph: step.graphs.decoder };
}

function heldBytes({ decoder, draft }: LoadedLanguage, phase: DecodingPhase): number {
  return phase === 'draft' && draft
    ? draft.embed.ownBytes + draft.decoder.ownBytes
    : decoder.ownBytes;
}

interface Writing extends ReadPrompt {
  readonly most: number;
  /** Time counts from here on for this row. */
  readonly enter: (stage: string) => void;
  readonly calls: Calls;
}

async function writeAll(
  generation: Generation,
  writing: Writing,
): Promise<Outcome<readonly Answer[]>> {
  const { stage, step, language, pass } = generation;
  const { model } = language;
  const decode = decodeOf(step.decoding, language);
  const endOfPrompt = model.mark();
  const answers: Answer[] = [];
  for (let index = 0; index < step.sampling.answerCount; index++) {
    const startedMs = pass.elapsedMs;
    if (index > 0) {
      const rewound = await refusable(stage.title, () => model.keep(endOfPrompt, []));
      if (!rewound.ok) return rewound;
    }
    const written = await writeOne(generation, { ...writing, decode, index });
    if (!written.ok) return written;
    answers.push({ ...written.value, writingMs: pass.elapsedMs - startedMs });
  }
  return ok(answers);
}

async function writeOne(
  generation: Generation,
  {
    prompt,
    logits,
    context: before,
    most,
    enter,
    calls,
    decode,
    index,
  }: Writing & { readonly decode: Decode; readonly index: number },
): Promise<Outcome<Omit<Answer, 'writingMs'>>> {
  const { stage, step, text, language, row, pass, context } = generation;
  const { sampling } = step;
  const choice = new TokenChoice(sampling, before, index);
  const stream = new AnswerStream(text.tokenizer, sampling.stops);
  const ends = new Set(sampling.stopAtEndOfText ? text.tokenizer.endOfTextIds : []);
  const main = row(answerPhases(step).at(-1) as DecodingPhase);
  const tokenIds: number[] = [];
  let timeToFirstTokenMs = 0;
  const tell = (id: number, words: string): void =>
    context.emit({ type: 'token', node: stage.id, run: pass.run, index, id, text: words });
  const decoded = await decode({
    model: language.model,
    prompt,
    logits,
    choose: (scores) => choice.choose(scores),
    foresee: (scores, guesses) => choice.foresee(scores, guesses),
    ends,
    write(id) {
      if (tokenIds.length === 0) timeToFirstTokenMs = pass.elapsedMs;
      tokenIds.push(id);
      choice.write(id);
      tell(id, stream.push(id));
      return !ends.has(id) && !stream.isStopped && tokenIds.length < most;
    },
    room: () => most - tokenIds.length,
    async timed(phase, work) {
      // Each session call lets the event loop turn, so a message that cancels has been heard by now.
      const going = context.cancel.check();
      if (!going.ok) return going;
      modelOf(generation, phase).model.countIn(calls.get(phase) as CallCount);
      enter(row(phase));
      const done = await refusable(stage.title, work);
      enter(main);
      return done;
    },
  });
  if (!decoded.ok) return decoded;
  const rest = stream.finish();
  if (rest !== '') tell(tokenIds.at(-1) ?? 0, rest);
  // Many tokenizers begin an answer with the space that follows the prompt.
  const written = stream.text.trim();
  const draft = decoded.value;
  return ok({
    node: stage.id,
    index,
    text: written,
    tokenIds,
    timeToFirstTokenMs,
    draft,
    choices: null,
  });
}
