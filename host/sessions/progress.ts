/** How work that takes long tells how far it is, and learns that it should stop. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import type { StagePhase } from '#engine/contract/run-event.ts';

export interface Progress {
  /** Tells, lets the process hear its messages, and fails once the run is cancelled. */
  readonly tell: (phase: StagePhase, done?: number, total?: number) => Promise<Outcome<null>>;
  /** Something went wrong that the work gets over; the user should know. */
  readonly warn: (problem: Problem) => void;
}

/** Set from outside while a run goes on. */
export class CancelSwitch {
  readonly #controller = new AbortController();

  /** For what has to be ended from outside, such as another program. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  cancel(): void {
    this.#controller.abort();
  }

  check(): Outcome<null> {
    return this.signal.aborted ? fail(error('run-cancelled', 'The run was cancelled.')) : ok(null);
  }
}

/** Gives way to whatever waits in the event loop, such as the message that cancels. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
