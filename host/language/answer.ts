/** Writes the answer: chooses tokens, streams their text, and fills the rows of whatever way of decoding there is. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { DraftFacts } from '#engine/contract/run-event.ts';
import { countFlops } from '#engine/estimate/model-cost.ts';
import { segmentLengths } from '#engine/node/segments.ts';
import type { Decoding, LanguageModelStep } from '#engine/node/host-step.ts';
import { seededRandom } from '#engine/seeded-random.ts';
import { AnswerStream } from '../text/answer-stream.ts';
import { refusable } from '../sessions/load-model.ts';
import { decodePlainly } from './decode-plainly.ts';
import type { Decode, DecodingPhase } from './decoding.ts';
import { draftAndVerify } from './draft-and-verify.ts';
import { draftModel, earlyExit } from './drafters.ts';
import { stateFacts, type Generation, type LoadedLanguage } from './generation.ts';
import type { PromptSequence } from './prompt-sequence.ts';
import { nextToken } from './sampling.ts';

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

/** At most `most` new tokens behind a prompt of which `logits` [V] are the last place's. */
export function writeAnswer(
  generation: Generation,
  prompt: PromptSequence,
  logits: Float32Array,
  most: number,
): Promise<Outcome<Answer>> {
  const { step, language, row, pass, context } = generation;
  const phases = decodingPhases(step.decoding);
  const before = language.model.state.length;
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
      return write(generation, { prompt, logits, most, enter });
    },
    ({ tokenIds, draft }, stage) =>
      stage === row('draft')
        ? {
            tokensOut: draft?.proposed ?? 0,
            ...stateFacts(language.draft?.model ?? language.model),
          }
        : {
            tokensOut: tokenIds.length,
            flops: decodeFlops(step, before, tokenIds.length),
            ...stateFacts(language.model),
          },
  );
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
}

async function write(
  { stage, step, text, language, row, pass, context }: Generation,
  { prompt, logits, most, enter }: Writing,
): Promise<Outcome<Answer>> {
  const random = seededRandom(step.sampling.seed);
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
    choose: (scores) => nextToken(scores, step.sampling, random),
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

/** All steps of decode; each looks at one token more. */
function decodeFlops(
  { boundaries, graphs }: LanguageModelStep,
  before: readonly number[],
  newTokens: number,
): number {
  const steps = Math.max(0, newTokens - 1);
  const middle = before.map((cached) => cached + (steps - 1) / 2);
  const lengths = segmentLengths(boundaries, { fresh: 1, visual: 0 }, middle);
  return steps * countFlops(graphs.decoder.model, graphs.decoder.dims(lengths));
}
