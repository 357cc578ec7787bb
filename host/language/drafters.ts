/** Who guesses ahead: a language model of its own, or the first layers of the one that verifies. */
import type { DraftPart } from '#engine/node/part.ts';
import type { DecodingTurn } from './decoding.ts';
import type { Drafter } from './draft-and-verify.ts';
import type { LanguageModel } from './language-model.ts';
import { embedSequence } from './prompt-sequence.ts';
import { largest } from './sampling.ts';

/** The most probable tokens of another language model. */
export function draftModel(model: LanguageModel, { reads }: Pick<DraftPart, 'reads'>): Drafter {
  return {
    async begin({ prompt, room }) {
      const read = reads === 'words' ? { ...prompt, visual: [] } : prompt;
      const { embeddings, visual } = await embedSequence(model, read);
      await model.prefill(embeddings, visual, room());
    },
    async propose(certain, count) {
      const length = (model.state.length[0] as number) + certain.length;
      const wanted = Math.min(count, model.contextLength - length);
      if (wanted < 0) return [];
      let logits = await model.extend(certain, 'last', count);
      const mark = model.mark();
      const guesses: number[] = [];
      while (guesses.length < wanted) {
        const guess = largest(logits);
        guesses.push(guess);
        if (guesses.length < wanted) logits = await model.extend([guess], 'last', count);
      }
      await model.keep(mark, []);
      return guesses;
    },
  };
}

/** What the model would say if it stopped at its early exit. */
export function earlyExit(): Drafter {
  let model: LanguageModel;
  return {
    begin(turn: DecodingTurn) {
      ({ model } = turn);
      return Promise.resolve();
    },
    async propose(certain, count) {
      const mark = model.mark();
      const guesses: number[] = [];
      let last = certain.at(-1) as number;
      while (guesses.length < count) {
        last = largest(await model.extend([last], 'last', count, { leaves: true }));
        guesses.push(last);
      }
      await model.keep(mark, []);
      return guesses;
    },
  };
}
