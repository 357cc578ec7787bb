/** Work beside the page of which only the latest request counts: one worker, which is ended where it is too slow. */

/** What a worker of the browser does, as far as it is used here. */
export interface WorkerLine<Request, Answer> {
  post(request: Request): void;
  onAnswer(listener: (answer: Answer) => void): void;
  /** The worker has failed at what it was asked. */
  onFailure(listener: () => void): void;
  end(): void;
}

export const lineTo = <Request, Answer>(worker: Worker): WorkerLine<Request, Answer> => ({
  post: (request) => worker.postMessage(request),
  onAnswer: (listener) =>
    worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => listener(data)),
  onFailure: (listener) => worker.addEventListener('error', listener),
  end: () => worker.terminate(),
});

export interface WorkPatience {
  /** How long work on an older request may go on once there is a newer one: a quick answer shows what was typed so far. */
  readonly olderMs: number;
  /** How long any work may take. */
  readonly longestMs: number;
}

interface Work<Request, Answer> {
  readonly request: Request;
  readonly answered: (answer: Answer | null) => void;
}

export class LatestWork<Request, Answer> {
  readonly #start: () => WorkerLine<Request, Answer>;
  readonly #patience: WorkPatience;
  #worker: WorkerLine<Request, Answer> | null = null;
  #current: Work<Request, Answer> | null = null;
  #next: Work<Request, Answer> | null = null;
  #longest: ReturnType<typeof setTimeout> | undefined;
  #older: ReturnType<typeof setTimeout> | undefined;

  constructor(start: () => WorkerLine<Request, Answer>, patience: WorkPatience) {
    this.#start = start;
    this.#patience = patience;
  }

  /** Takes the place of what waits. `answered` is told null where the work took too long or failed, and nothing where a newer request came first. */
  ask(request: Request, answered: (answer: Answer | null) => void): void {
    this.#next = { request, answered };
    if (!this.#current) return this.#begin();
    this.#older ??= setTimeout(() => this.#giveUp(), this.#patience.olderMs);
  }

  #begin(): void {
    const work = this.#next;
    this.#next = null;
    this.#current = work;
    if (!work) return;
    this.#worker ??= this.#newWorker();
    this.#longest = setTimeout(() => this.#giveUp(), this.#patience.longestMs);
    this.#worker.post(work.request);
  }

  #newWorker(): WorkerLine<Request, Answer> {
    const worker = this.#start();
    worker.onAnswer((answer) => {
      if (worker === this.#worker) this.#done(answer);
    });
    worker.onFailure(() => {
      if (worker === this.#worker) this.#giveUp();
    });
    return worker;
  }

  /** Ends the worker, which hears nothing while it is at work. */
  #giveUp(): void {
    this.#worker?.end();
    this.#worker = null;
    this.#done(null);
  }

  #done(answer: Answer | null): void {
    clearTimeout(this.#longest);
    clearTimeout(this.#older);
    this.#older = undefined;
    const work = this.#current;
    const isOutdated = answer === null && this.#next !== null;
    if (!isOutdated) work?.answered(answer);
    this.#begin();
  }
}
