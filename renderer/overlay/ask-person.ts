/** Puts a question over the window and waits for the answer. */
import { overlayAnswer } from './overlay.ts';
import type { Question } from './question.ts';

/** The id of the answer; null for Cancel and Escape. */
export async function askPerson<Id extends string>(question: Question<Id>): Promise<Id | null> {
  const chosen = await overlayAnswer<string>((answer) => ({ kind: 'question', question, answer }));
  return question.answers.find(({ id }) => id === chosen)?.id ?? null;
}
