/** The process that serves the page, from start to end: its address, its death, its orderly stop. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { fromServerSchema, type FromServer, type ToServer } from './server-message.ts';

/** What Electron's utility process and a child process of Node have in common. */
export interface ServerChild {
  post(message: ToServer): void;
  onMessage(listener: (raw: unknown) => void): void;
  /** Called once; `code` is null where a signal ended the process or it did not start at all. */
  onExit(listener: (code: number | null) => void): void;
  /** What it wrote to standard error last. */
  lastWords(): string;
  kill(): void;
}

/** Ending runs and closing connections takes far less. */
const usualStopLimitMs = 5000;

export class AppServer {
  readonly #startChild: () => ServerChild;
  readonly #ended: (problem: Problem) => void;
  readonly #stopLimitMs: number;
  #child: ServerChild | null = null;
  #gone: Promise<void> = Promise.resolve();
  #isListening = false;
  /** The port it had last, asked for again so that an open page keeps its origin. */
  #port = 0;

  /**
   * `ended` hears of a server that ended while nobody had asked it to; one that was asked and does not end
   * within the limit is killed.
   */
  constructor(
    startChild: () => ServerChild,
    ended: (problem: Problem) => void,
    stopLimitMs = usualStopLimitMs,
  ) {
    this.#startChild = startChild;
    this.#ended = ended;
    this.#stopLimitMs = stopLimitMs;
  }

  get isRunning(): boolean {
    return this.#child !== null;
  }

  /** Resolves with the address to open, or with why there is none. */
  async start(): Promise<Outcome<string>> {
    await this.stop();
    const child = this.#startChild();
    this.#child = child;
    return new Promise((resolve) => {
      this.#gone = new Promise((gone) => {
        child.onExit((code) => {
          const wasWanted = this.#child === child;
          const problem = endProblem(code, child.lastWords());
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
        if (message.success) this.#hear(message.data, resolve);
      });
      child.post({ type: 'start', port: this.#port });
    });
  }

  /** Ends the server and its runs; resolves when the process is gone. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = null;
    this.#isListening = false;
    child.post({ type: 'stop' });
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
