import type { DraftFacts } from '../contract/run-event.ts';

/** "31 of 40 guesses kept" */
export function draftText({ accepted, proposed }: DraftFacts): string {
  return proposed === 0 ? 'no guesses' : `${accepted} of ${proposed} guesses kept`;
}
