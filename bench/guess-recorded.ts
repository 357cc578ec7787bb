/**
 * How many guesses of a draft the recorded answers keep, counted as the draft's README does: from the first token of an
 * answer on. A run guesses from the second one on, as the first comes out of the prompt.
 */
import type { DraftFacts } from '#engine/contract/run-event.ts';
import type { DraftedTurn } from '#host/language/draft-and-verify.ts';
import { draftModel } from '#host/language/drafters.ts';
import type { LanguageModel } from '#host/language/language-model.ts';
import { largest } from '#host/language/sampling.ts';
import type { Question } from './shapes-questions.ts';

/** `<image>` and `</s>` of the Shapes tokenizer. */
const imageToken = 3;
const endToken = 2;

/** Room for whatever is guessed beyond the end of a recorded answer, which counts as guessed in vain. */
const ample = 1000;

export async function guessRecorded(
  draft: LanguageModel,
  draftLength: number,
  questions: readonly Question[],
): Promise<DraftFacts> {
  const facts = { proposed: 0, accepted: 0 };
  for (const { prompt_tokens: prompt, model_tokens: answer } of questions) {
    const words = prompt.filter((id) => id !== imageToken);
    const turn: DraftedTurn = {
      // Guesses follow what is certain, so that the prompt's last token is told with the first of them.
      prompt: {
        prompt: { text: '', segments: [{ kind: 'words', ids: words.slice(0, -1) }] },
        visual: [],
      },
      foresee: largest,
      ends: new Set([endToken]),
      room: () => ample,
    };
    const drafter = draftModel(draft, { reads: 'words' });
    await drafter.begin(turn);
    let certain: readonly number[] = words.slice(-1);
    for (let place = 0; place < answer.length; place += certain.length) {
      const guesses = await drafter.propose(certain, draftLength);
      const wrong = guesses.findIndex((guess, ahead) => guess !== answer[place + ahead]);
      const right = wrong < 0 ? guesses.length : wrong;
      facts.proposed += guesses.length;
      facts.accepted += right;
      // The model's own token follows those that it keeps.
      certain = answer.slice(place, place + right + 1);
      if (certain.length === 0) break;
    }
  }
  return facts;
}
