/** Work that must not overlap, such as reading a file and writing it anew, done one after the other. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when the work that was given so far is done. */
  async rest(): Promise<void> {
    await this.#last;
  }
}
