/** Checks cases one after another in a process of their own; where one of them ends the process, the next has a new one. */
import { error } from '#engine/contract/problem.ts';
import { causeOf, type EngineEnd } from '#host/engine/death.ts';
import { ProcessHandle } from '#host/engine/process-handle.ts';
import { fromCheckerSchema, type FromChecker, type ToChecker } from './case-message.ts';
import type { CaseResult } from '../cases/case-result.ts';
import { failedCase } from './failed-case.ts';

type Checker = ProcessHandle<ToChecker, FromChecker>;

interface Waiting {
  readonly folder: string;
  readonly tell: (result: CaseResult) => void;
}

export class CaseChecker {
  readonly #entry: string;
  #process: Checker | null = null;
  #waiting: Waiting | null = null;

  /** `entry` is the script of the process. */
  constructor(entry: string) {
    this.#entry = entry;
  }

  /** The process that would check the next case; undefined while there is none. */
  get processId(): number | undefined {
    return this.#process?.isReachable === true ? this.#process.processId : undefined;
  }

  /** One case at a time. */
  check(folder: string): Promise<CaseResult> {
    if (this.#waiting) throw new Error(`${this.#waiting.folder} is still being checked.`);
    return new Promise((resolve) => {
      this.#waiting = { folder, tell: resolve };
      this.#reachable().send({ folder });
    });
  }

  /** Ends the process; resolves when it is gone and nothing of it is left on disk. */
  async close(): Promise<void> {
    await this.#process?.kill();
  }

  #reachable(): Checker {
    if (this.#process?.isReachable === true) return this.#process;
    this.#process = new ProcessHandle<ToChecker, FromChecker>(this.#entry, {
      parse: (raw) => fromCheckerSchema.parse(raw),
      heard: (_, { result }) => this.#end(() => result),
      died: (_, end) => this.#end((folder) => failedCase(folder, [ended(end)])),
    });
    return this.#process;
  }

  #end(resultOf: (folder: string) => CaseResult): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.tell(resultOf(waiting.folder));
  }
}

function ended(end: EngineEnd): ReturnType<typeof error> {
  const message = `The process that checked it ended (${causeOf(end)}); check it alone to see it again.`;
  return error('engine-died', message);
}
