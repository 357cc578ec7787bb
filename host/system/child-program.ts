/** A program of ours in a process of its own, whoever starts it: Node.js, or Electron in its app. */
import { fork } from 'node:child_process';

/** How many characters of its standard error are kept to say why it ended. */
const keptCharacters = 2000;

export interface ChildEnd {
  /** Null where a signal ended it, or it did not start at all. */
  readonly code: number | null;
  readonly signal: string | null;
  /** What it wrote to standard error last, or why it did not start. */
  readonly lastWords: string;
}

export interface ChildProgram {
  /** The id of its process; undefined where the system has not started it. */
  readonly processId: number | undefined;
  /** Can it still be told something? */
  readonly isReachable: boolean;
  /** A message that does not arrive was for a process that is ending, and its end is told anyway. */
  post(message: object): void;
  onStart(listener: (processId: number) => void): void;
  onMessage(listener: (raw: unknown) => void): void;
  /** Called once, after all that it wrote has been read. */
  onEnd(listener: (end: ChildEnd) => void): void;
  /** Ends it at once, as a crash would. */
  kill(): void;
}

export type StartChild = (
  entry: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
) => ChildProgram;

export const forkChild: StartChild = (entry, args, environment) => {
  const child = fork(entry, args, {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: environment,
  });
  const words = new LastWords();
  child.stderr?.on('data', (chunk: Buffer) => words.hear(chunk));
  return {
    get processId() {
      return child.pid;
    },
    get isReachable() {
      return child.connected;
    },
    post: (message) => void child.send(message, () => undefined),
    onStart: (listener) => void child.once('spawn', () => listener(child.pid as number)),
    onMessage: (listener) => void child.on('message', listener),
    onEnd: (listener) => {
      child.once('close', (code, signal) => listener({ code, signal, lastWords: words.text }));
      child.on('error', (cause) => {
        if (child.pid === undefined)
          listener({ code: null, signal: null, lastWords: String(cause) });
      });
    },
    kill: () => void child.kill('SIGKILL'),
  };
};

export class LastWords {
  #text = '';

  get text(): string {
    return this.#text;
  }

  hear(chunk: Buffer | string): void {
    this.#text = (this.#text + String(chunk)).slice(-keptCharacters);
  }
}
