/**
 * Guesses several tokens ahead and lets the model look at all of them at once. Of the guesses those stay that the
 * model itself chooses at their place, so the answer is the one that it writes alone, drawn tokens included: each is
 * drawn from the model's own logits, by the random number of its place. A guess is drawn by the same number, and so is
 * the likelier to stay the more alike the two models are. (Leviathan et al., arXiv 2211.17192, where a guess stays by
 * the ratio of its two probabilities: as often or more, but for another answer than without a draft.)
 */
import { ok } from '#engine/contract/outcome.ts';
import type { Decode, DecodingTurn } from './decoding.ts';

/** What a drafter of its own needs to know; one that guesses by the model's first layers takes a whole turn. */
export type DraftedTurn = Pick<DecodingTurn, 'prompt' | 'foresee' | 'ends' | 'room'>;

export interface Drafter<Turn = DecodingTurn> {
  /** Reads the prompt, before the first guess; where it was read for the answer before, it goes back there. */
  begin(turn: Turn): Promise<void>;
  /** Guesses that follow `certain`, the tokens written since it was asked last; none where it holds no more. */
  propose(certain: readonly number[], count: number): Promise<readonly number[]>;
}

export function draftAndVerify(drafter: Drafter, draftLength: number): Decode {
  return async (turn) => {
    const { model, choose, write, room, timed } = turn;
    const facts = { proposed: 0, accepted: 0 };
    let pending = choose(turn.logits);
    if (!write(pending)) return ok(facts);
    const begun = await timed('draft', () => drafter.begin(turn));
    if (!begun.ok) return begun;
    let certain: readonly number[] = [pending];
    for (;;) {
      // The model adds one token of its own behind the guesses.
      const count = Math.max(0, Math.min(draftLength, room() - 1));
      const fresh = certain;
      const guesses = await timed('draft', () => drafter.propose(fresh, count));
      if (!guesses.ok) return guesses;
      const looked = [pending, ...guesses.value];
      const mark = model.mark();
      const verified = await timed('verify', () => model.extend(looked, 'all', room()));
      if (!verified.ok) return verified;
      facts.proposed += guesses.value.length;
      const size = verified.value.length / looked.length;
      const written: number[] = [];
      for (const [place, guess] of [...guesses.value, null].entries()) {
        const id = choose(verified.value.subarray(place * size, (place + 1) * size));
        written.push(id);
        if (id === guess) facts.accepted += 1;
        if (!write(id)) return ok(facts);
        if (id !== guess) break;
      }
      const kept = looked.slice(0, written.length);
      if (kept.length < looked.length) {
        const rewound = await timed('verify', () => model.keep(mark, kept));
        if (!rewound.ok) return rewound;
      }
      pending = written.at(-1) as number;
      certain = written;
    }
  };
}
