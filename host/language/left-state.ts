/**
 * What a language model leaves for the next run while its graph stays loaded: a state whose room is there already. Memory
 * that is new to the process costs a page fault every 4 KB, seconds for the keys and values of a long prompt.
 */
import type { Session } from '../sessions/sessions.ts';
import type { DecoderState } from './decoder-state.ts';

/** By the session that made it; gone with that. */
const left = new WeakMap<Session, DecoderState>();

/** What was left, for a new sequence; nobody else is given it then. */
export function takeLeftState(session: Session): DecoderState | undefined {
  const state = left.get(session);
  left.delete(session);
  state?.clear();
  return state;
}

/** One a session, as one that has read nothing is soon made. */
export function leaveState(session: Session, state: DecoderState): void {
  left.set(session, state);
}
