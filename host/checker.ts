/**
 * Checks graphs in a process of its own, one after another, so that the process which answers calls never waits for
 * one. A check that nobody waits for any more, or that takes too long, is ended with the process that is at it.
 */
import { error, type Problem } from '#engine/contract/problem.ts';
import { causeOf, type EngineEnd } from './engine/death.ts';
import { ProcessHandle, type ProcessListener } from './engine/process-handle.ts';
import { forkChild, type StartChild } from './system/child-program.ts';
import {
  fromCheckProcessSchema,
  type CheckRequest,
  type FromCheckProcess,
} from './check-message.ts';

type CheckProcess = ProcessHandle<CheckRequest, FromCheckProcess>;

export const checkLimits = {
  /** A graph within the limits of its size takes a second; the rest is for files on slow disks and clips to decode. */
  deadlineMs: 240_000,
  /** Each window has one check at a time. */
  waiting: 32,
} as const;

interface Check {
  readonly request: CheckRequest;
  readonly answer: (problems: readonly Problem[]) => void;
}

interface CheckerOptions {
  readonly deadlineMs?: number;
  /** Who starts the process. */
  readonly startChild?: StartChild;
}

export class Checker {
  readonly #entry: string;
  readonly #deadlineMs: number;
  readonly #startChild: StartChild;
  #process: CheckProcess | null = null;
  /** The first is under way. */
  readonly #line: Check[] = [];
  #deadline: NodeJS.Timeout | undefined;

  /** `entry` is the script of the process. */
  constructor(
    entry: string,
    { deadlineMs = checkLimits.deadlineMs, startChild = forkChild }: CheckerOptions = {},
  ) {
    this.#entry = entry;
    this.#startChild = startChild;
    this.#deadlineMs = deadlineMs;
  }

  /** The process that is at a check, or would take the next; undefined while there is none. */
  get processId(): number | undefined {
    return this.#process?.isReachable === true ? this.#process.processId : undefined;
  }

  /** Everything wrong with a graph, its files included; `check-stopped` where `signal` or a limit ended the check. */
  check(request: CheckRequest, signal?: AbortSignal): Promise<readonly Problem[]> {
    if (signal?.aborted === true) return Promise.resolve([stopped(noLongerAsked)]);
    if (this.#line.length >= checkLimits.waiting) return Promise.resolve([stopped(crowded)]);
    return new Promise((resolve) => {
      const check = { request, answer: resolve };
      signal?.addEventListener('abort', () => void this.#stop(check, noLongerAsked));
      this.#line.push(check);
      if (this.#line.length === 1) this.#begin();
    });
  }

  /** Ends all checks and the process; resolves when it is gone. */
  async close(): Promise<void> {
    clearTimeout(this.#deadline);
    for (const check of this.#line.splice(0)) check.answer([stopped(noLongerAsked)]);
    await this.#process?.kill();
  }

  #begin(): void {
    const [check] = this.#line;
    if (!check) return;
    const late = `It took more than ${Math.round(this.#deadlineMs / 1000)} seconds`;
    const tooLate = `${late}; make the graph smaller, or look for a slow disk or a long clip that it reads`;
    this.#deadline = setTimeout(() => void this.#stop(check, tooLate), this.#deadlineMs);
    this.#reachable().send(check.request);
  }

  /** Answers at once; the next check begins when the process that is at this one is gone. */
  async #stop(check: Check, why: string): Promise<void> {
    const place = this.#line.indexOf(check);
    if (place < 0) return;
    check.answer([stopped(why)]);
    if (place > 0) {
      this.#line.splice(place, 1);
      return;
    }
    clearTimeout(this.#deadline);
    // Still first in the line, so that no other begins meanwhile.
    await this.#process?.kill();
    this.#next(check);
  }

  #reachable(): CheckProcess {
    if (this.#process?.isReachable === true) return this.#process;
    const listener: ProcessListener<CheckRequest, FromCheckProcess> = {
      parse: (raw) => fromCheckProcessSchema.parse(raw),
      heard: (process, message) => {
        if (message.type === 'checked' && process === this.#process) this.#end(message.problems);
      },
      died: (_, end) => this.#end([stopped(endOf(end))]),
    };
    this.#process = new ProcessHandle(this.#entry, listener, this.#startChild);
    return this.#process;
  }

  #end(problems: readonly Problem[]): void {
    clearTimeout(this.#deadline);
    const [check] = this.#line;
    check?.answer(problems);
    if (check) this.#next(check);
  }

  #next(after: Check): void {
    if (this.#line[0] !== after) return;
    this.#line.shift();
    this.#begin();
  }
}

const noLongerAsked = 'Nobody waits for it any more; check the graph again';
const crowded = `More than ${checkLimits.waiting} checks wait already; check the graph again in a moment`;

const endOf = (end: EngineEnd): string =>
  `Its process ended (${causeOf(end)}); change the graph, or check it again`;

/** `why` is a sentence without its full stop. */
function stopped(why: string): Problem {
  return error('check-stopped', `The graph was not checked to its end. ${why}.`);
}
