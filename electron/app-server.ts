/** The process that serves the page, from start to end: its address, its death, its orderly stop. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import type { ChildProgram } from '#host/system/child-program.ts';
import { ProgramRelay, type StartProgram } from './program-relay.ts';
import { fromServerSchema, type FromServer, type ToServer } from './server-message.ts';

/** Who starts the processes: Electron, or Node.js in its place. */
export interface Starters {
  readonly startServer: () => ChildProgram;
  readonly startProgram: StartProgram;
}

/** Ending runs and closing connections takes far less. */
const usualStopLimitMs = 5000;

export class AppServer {
  readonly #starters: Starters;
  readonly #ended: (problem: Problem) => void;
  readonly #stopLimitMs: number;
  #child: ChildProgram | null = null;
  #gone: Promise<void> = Promise.resolve();
  #isListening = false;
  /** The port it had last, asked for again so that an open page keeps its origin. */
  #port = 0;

  /**
   * `ended` hears of a server that ended while nobody had asked it to; one that was asked and does not end
   * within the limit is killed.
   */
  constructor(
    starters: Starters,
    ended: (problem: Problem) => void,
    stopLimitMs = usualStopLimitMs,
  ) {
    this.#starters = starters;
    this.#ended = ended;
    this.#stopLimitMs = stopLimitMs;
  }

  get isRunning(): boolean {
    return this.#child !== null;
  }

  /** Resolves with the address to open, or with why there is none. */
  async start(): Promise<Outcome<string>> {
    await this.stop();
    const child = this.#starters.startServer();
    const programs = new ProgramRelay(this.#starters.startProgram, (message) =>
      child.post(message),
    );
    this.#child = child;
    return new Promise((resolve) => {
      this.#gone = new Promise((gone) => {
        child.onEnd(({ code, lastWords }) => {
          programs.close();
          const wasWanted = this.#child === child;
          const problem = endProblem(code, lastWords);
          resolve(fail(problem));
          if (wasWanted) {
            const hadListened = this.#isListening;
            this.#child = null;
            this.#isListening = false;
            if (hadListened) this.#ended(problem);
          }
          gone();
        });
      });
      child.onMessage((raw) => {
        const message = fromServerSchema.safeParse(raw);
        if (!message.success) return;
        programs.hear(message.data);
        this.#hear(message.data, resolve);
      });
      child.post({ type: 'start', port: this.#port } satisfies ToServer);
    });
  }

  /** Ends the server and its runs; resolves when the process is gone. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = null;
    this.#isListening = false;
    child.post({ type: 'stop' } satisfies ToServer);
    const limit = setTimeout(() => child.kill(), this.#stopLimitMs);
    await this.#gone;
    clearTimeout(limit);
  }

  #hear(message: FromServer, resolve: (outcome: Outcome<string>) => void): void {
    if (message.type === 'listening') {
      this.#isListening = true;
      this.#port = message.port;
      resolve(ok(message.url));
    }
    if (message.type === 'failed')
      resolve(fail(...message.sentences.map((sentence) => error('host-unreachable', sentence))));
  }
}

function endProblem(code: number | null, lastWords: string): Problem {
  const how = code === null ? 'ended' : `ended with code ${code}`;
  const words = lastWords.trim().split('\n').at(-1)?.trim() ?? '';
  return error(
    'host-unreachable',
    `The part of Patchbay that serves the page ${how}${words && ` (${words})`}; start it again.`,
  );
}
