/** Who guesses ahead: a language model of its own, or the first layers of the one that verifies. */
import type { DraftPart } from '#engine/node/part.ts';
import type { DecodingTurn } from './decoding.ts';
import type { StateMark } from './decoder-state.ts';
import type { DraftedTurn, Drafter } from './draft-and-verify.ts';
import type { LanguageModel } from './language-model.ts';
import { embedSequence, type PromptSequence } from './prompt-sequence.ts';

/** What another language model would write. */
export function draftModel(
  model: LanguageModel,
  { reads }: Pick<DraftPart, 'reads'>,
): Drafter<DraftedTurn> {
  let turn: DraftedTurn;
  /** Written, and not yet read by the draft. */
  let unread: readonly number[] = [];
  /** The end of what is certain in what it has read, and its own guesses behind that. */
  let mark: StateMark;
  let guessed: readonly number[] = [];
  /** A prompt that it cannot hold is not read, and nothing guessed. */
  let holdsPrompt = false;
  /** The end of the prompt, once it is read. */
  let read: { readonly prompt: PromptSequence; readonly end: StateMark } | null = null;
  return {
    async begin(begun) {
      turn = begun;
      [unread, guessed] = [[], []];
      if (read?.prompt === turn.prompt) {
        await model.keep(read.end, []);
        mark = read.end;
        return;
      }
      const seen = reads === 'words' ? { ...turn.prompt, visual: [] } : turn.prompt;
      const { embeddings, visual } = await embedSequence(model, seen);
      holdsPrompt = embeddings.length / model.hiddenSize <= model.contextLength;
      if (holdsPrompt && embeddings.length > 0)
        await model.prefill(embeddings, visual, turn.room());
      else model.clear();
      mark = model.mark();
      read = { prompt: turn.prompt, end: mark };
    },
    async propose(certain, count) {
      unread = [...unread, ...certain];
      const length = (mark.length[0] as number) + unread.length;
      // The last guess is never read, so it needs no place in the context.
      const wanted = Math.min(count, model.contextLength - length + 1);
      if (!holdsPrompt || wanted <= 0) return [];
      const right = commonStart(guessed, unread);
      let logits = await model.resume(mark, unread, right, count);
      mark = model.mark();
      unread = [];
      const guesses = [turn.foresee(logits, [])];
      while (guesses.length < wanted && !turn.ends.has(guesses.at(-1) as number)) {
        logits = await model.extend(guesses.slice(-1), 'last', count);
        guesses.push(turn.foresee(logits, guesses));
      }
      guessed = guesses.slice(0, -1);
      return guesses;
    },
  };
}

/** How many numbers two lists begin with alike. */
function commonStart(one: readonly number[], other: readonly number[]): number {
  const different = one.findIndex((id, place) => id !== other[place]);
  return different < 0 ? one.length : different;
}

/** What the model would write if it stopped at its early exit. */
export function earlyExit(): Drafter {
  let turn: DecodingTurn;
  return {
    begin(begun) {
      turn = begun;
      return Promise.resolve();
    },
    async propose(certain, count) {
      const { model, foresee, ends } = turn;
      const mark = model.mark();
      const guesses: number[] = [];
      let last = certain.at(-1) as number;
      while (guesses.length < count && !(guesses.length > 0 && ends.has(last))) {
        const logits = await model.extend([last], 'last', count, { leaves: true });
        last = foresee(logits, guesses);
        guesses.push(last);
      }
      await model.keep(mark, []);
      return guesses;
    },
  };
}
