/** Runs code for a bounded time where files of other people say what it does, such as their patterns and templates. */
import { createContext, Script } from 'node:vm';
import { ownProcessorMs } from '../system/processor-load.ts';

/** Code that runs under `vm` can be stopped; one context serves every run, as each is over before the next. */
const runner = { run: (): void => undefined };
const runnerContext = createContext(runner);
const runRunner = new Script('run()');

/** What uses less than this share of the processor while it runs stood still: the machine was busy with something else. */
const standingShare = 0.5;
const maxTries = 10;

export type InTime<Result> =
  { readonly isDone: true; readonly result: Result } | { readonly isDone: false };

/**
 * What `work` gives, unless it takes longer than `maxMs`; then it is stopped wherever it is, also inside of a pattern
 * and of this room's code that it calls. It is begun again where the machine, not the work, took the time. Throws what
 * `work` throws. Nobody is heard meanwhile.
 */
export function withinTime<Result>(maxMs: number, work: () => Result): InTime<Result> {
  for (let tries = 1; ; tries++) {
    const beforeMs = ownProcessorMs();
    const done = tryWithinTime(maxMs, work);
    const usedMs = ownProcessorMs() - beforeMs;
    if (done.isDone || usedMs > maxMs * standingShare || tries === maxTries) return done;
  }
}

function tryWithinTime<Result>(maxMs: number, work: () => Result): InTime<Result> {
  const results: Result[] = [];
  runner.run = () => {
    results.push(work());
  };
  try {
    runRunner.runInContext(runnerContext, { timeout: maxMs });
  } catch (cause) {
    if (isTimeout(cause)) return { isDone: false };
    throw cause;
  }
  return { isDone: true, result: results[0] as Result };
}

function isTimeout(cause: unknown): boolean {
  return (
    typeof cause === 'object' &&
    cause !== null &&
    'code' in cause &&
    cause.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}
