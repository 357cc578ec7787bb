/** Work that must not overlap, such as reading a file and writing it anew, done one after the other. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Is nothing being done? */
  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  take<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#waiting++;
    const turn = this.#last.then(work).finally(() => this.#waiting--);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when the work that was given so far is done. */
  async rest(): Promise<void> {
    await this.#last;
  }
}

/** Turns apart for each name: what keeps one waiting, such as a drive that does not answer, keeps no other. */
export class NamedTurns {
  readonly #turns = new Map<string, Turns>();

  async take<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const turns = this.#turns.get(name) ?? new Turns();
    this.#turns.set(name, turns);
    try {
      return await turns.take(work);
    } finally {
      if (turns.isIdle) this.#turns.delete(name);
    }
  }

  /** Resolves when the work that was given so far is done. */
  async rest(): Promise<void> {
    await Promise.all([...this.#turns.values()].map((turns) => turns.rest()));
  }
}
