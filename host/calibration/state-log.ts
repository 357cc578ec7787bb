/** Where something stands, for whoever follows it. */
export class StateLog<State> {
  readonly #isLast: (state: State) => boolean;
  #present: State | null = null;
  #waiting: (() => void)[] = [];

  /** `isLast` tells a state that none follows. */
  constructor(isLast: (state: State) => boolean) {
    this.#isLast = isLast;
  }

  /** Null before the first. */
  get present(): State | null {
    return this.#present;
  }

  enter(state: State): void {
    this.#present = state;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** The present state, and those to come up to the last; whoever is slow misses those in between. */
  async *follow(signal?: AbortSignal): AsyncGenerator<State> {
    const hasLeft = (): boolean => signal?.aborted ?? false;
    let told: State | null = null;
    let wake = (): void => undefined;
    const leave = (): void => wake();
    signal?.addEventListener('abort', leave);
    try {
      while (this.#present !== null && !hasLeft()) {
        const state: State = this.#present;
        if (state !== told) {
          told = state;
          yield state;
          if (this.#isLast(state)) return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
            this.#waiting.push(resolve);
          });
        }
      }
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }
}
