/** The end of a process: orderly as long as that takes no longer than a person waits, else at once. */

import { setTimeout as wait } from 'node:timers/promises';

/** Something that goes on, such as a process or a server, until it is closed. */
export interface Closeable {
  close(): Promise<void>;
}

/** Ending runs and writing what is being written take far less. */
export const closingLimitMs = 10_000;

/** Closes things at once; false where that takes longer than the limit, or fails. */
export async function closeWithin(
  things: Iterable<Closeable>,
  limitMs = closingLimitMs,
): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const closed = Promise.all([...things].map((thing) => thing.close())).then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([closed, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** A disk answers sooner; a pipe that nobody writes to, or a drive that is gone, does not. */
const lastAnswerMs = 1000;
const askAgainMs = 10;

/**
 * Ends this process with a status, or by an interrupt where something is still being read or written:
 * `process.exit` would wait for that, which for a pipe that nobody writes to is for ever.
 */
export async function exitSoon(status: number): Promise<void> {
  const endMs = performance.now() + lastAnswerMs;
  while (isWaitingForFiles() && performance.now() < endMs) await wait(askAgainMs);
  if (isWaitingForFiles()) endAtOnce();
  else process.exit(status);
}

const isWaitingForFiles = (): boolean =>
  process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));

/** Ends this process as the system does where nobody listens to an interrupt. */
export function endAtOnce(): void {
  process.removeAllListeners('SIGINT');
  process.kill(process.pid, 'SIGINT');
}

/** npm passes on an interrupt that the terminal has sent to all, so what is pressed once may come twice. */
const samePressMs = 300;

/** Tells a person who presses Ctrl-C again from one press that comes twice. */
export class Presses {
  #firstMs: number | null = null;

  /** `nowMs` is of a clock that does not jump. */
  add(nowMs = performance.now()): 'first' | 'same' | 'again' {
    if (this.#firstMs === null) {
      this.#firstMs = nowMs;
      return 'first';
    }
    return nowMs - this.#firstMs < samePressMs ? 'same' : 'again';
  }
}

/**
 * From now on an interrupt closes what is open then and exits with the status. Where that takes too long, or a
 * person presses again, the process ends as it is.
 */
export function endOnInterrupt(
  open: Iterable<Closeable>,
  status: number,
  limitMs = closingLimitMs,
): void {
  const presses = new Presses();
  const end = async (): Promise<void> => {
    const isClosed = await closeWithin(open, limitMs);
    // Whoever hears of the end of a run says so first.
    await new Promise(setImmediate);
    if (!isClosed) console.error('patchbay: ended before everything was written.');
    await exitSoon(status);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const press = presses.add();
      if (press === 'first') void end();
      if (press === 'again') endAtOnce();
    });
  }
}
