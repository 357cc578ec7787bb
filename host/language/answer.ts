/** Writes the answer: chooses tokens, streams their text, and fills the rows of whatever way of decoding there is. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { DraftFacts } from '#engine/contract/run-event.ts';
import type { Decoding } from '#engine/node/host-step.ts';
import { AnswerStream } from '../text/answer-stream.ts';
import { refusable } from '../sessions/load-model.ts';
import { CallCount } from './call-count.ts';
import { decodePlainly } from './decode-plainly.ts';
import type { Decode, DecodingPhase } from './decoding.ts';
import { draftAndVerify } from './draft-and-verify.ts';
import { draftModel, earlyExit } from './drafters.ts';
import { stateFacts, type Generation, type LoadedLanguage } from './generation.ts';
import type { PromptSequence } from './prompt-sequence.ts';
import { choiceByPlace } from './sampling.ts';

/** The rows of the report that a way of decoding fills, in running order. */
export function decodingPhases({ kind }: Decoding): readonly DecodingPhase[] {
  return kind === 'plain' ? ['decode'] : ['draft', 'verify'];
}

function decodeOf(decoding: Decoding, { draft }: LoadedLanguage): Decode {
  if (decoding.kind === 'plain') return decodePlainly;
  const drafter =
    decoding.kind === 'draft' && draft ? draftModel(draft.model, decoding) : earlyExit();
  return draftAndVerify(drafter, decoding.draftLength);
}

interface Answer {
  readonly node: string;
  readonly text: string;
  readonly tokenIds: readonly number[];
  readonly timeToFirstTokenMs: number;
  readonly draft: DraftFacts | null;
}

/** What each row's model was called with. */
type Calls = ReadonlyMap<DecodingPhase, CallCount>;

/** At most `most` new tokens behind a prompt of which `logits` [V] are the last place's. */
export function writeAnswer(
  generation: Generation,
  prompt: PromptSequence,
  logits: Float32Array,
  most: number,
): Promise<Outcome<Answer>> {
  const { step, language, row, pass, context } = generation;
  const phases = decodingPhases(step.decoding);
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
      const progress = { phase, run, done: 0, total: most, unit: 'tokens' } as const;
      context.emit({ type: 'stage-progress', stage, ...progress });
      return write(generation, { prompt, logits, most, enter, calls });
    },
    ({ tokenIds, draft }, stage) => {
      const phase = phases.find((each) => row(each) === stage) as DecodingPhase;
      const { model, graph } = modelOf(generation, phase);
      return {
        tokensOut: phase === 'draft' ? (draft?.proposed ?? 0) : tokenIds.length,
        flops: calls.get(phase)?.flops(graph) ?? 0,
        ...stateFacts(model),
      };
    },
  );
}

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

interface Writing {
  readonly prompt: PromptSequence;
  readonly logits: Float32Array;
  readonly most: number;
  /** Time counts from here on for this row. */
  readonly enter: (stage: string) => void;
  readonly calls: Calls;
}

async function write(
  generation: Generation,
  { prompt, logits, most, enter, calls }: Writing,
): Promise<Outcome<Answer>> {
  const { stage, step, text, language, row, pass, context } = generation;
  const chooseAt = choiceByPlace(step.sampling);
  const stream = new AnswerStream(text.tokenizer);
  const ends = new Set(step.sampling.stopAtEndOfText ? text.tokenizer.endOfTextIds : []);
  const main = row(decodingPhases(step.decoding).at(-1) as DecodingPhase);
  const tokenIds: number[] = [];
  let timeToFirstTokenMs = 0;
  const tell = (id: number, words: string): void =>
    context.emit({ type: 'token', node: stage.id, run: pass.run, id, text: words });
  const decoded = await decodeOf(
    step.decoding,
    language,
  )({
    model: language.model,
    prompt,
    logits,
    choose: (scores) => chooseAt(scores, tokenIds.length),
    foresee: (scores, ahead) => chooseAt(scores, tokenIds.length + ahead),
    ends,
    write(id) {
      if (tokenIds.length === 0) timeToFirstTokenMs = pass.elapsedMs;
      tokenIds.push(id);
      tell(id, stream.push(id));
      return !ends.has(id) && tokenIds.length < most;
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
  return ok({ node: stage.id, text: written, tokenIds, timeToFirstTokenMs, draft: decoded.value });
}
