/** What a run leaves for the next one, by the model that made it: of the last run only, and nothing of one that was not whole. */
interface Entry<Value> {
  readonly model: string;
  readonly of: string;
  readonly value: Value;
}

export class Kept<Value> {
  /** Of the run before. */
  #before: readonly Entry<Value>[] = [];
  /** Of the run that goes on. */
  #now: readonly Entry<Value>[] = [];

  /** What the run before left of this; it is there no more. */
  take(model: string, of: string): Value | null {
    const found = this.#before.find((entry) => entry.model === model && entry.of === of);
    this.#before = this.#before.filter((entry) => entry !== found);
    return found?.value ?? null;
  }

  /** `model` is the key that the model is loaded under. */
  leave(model: string, of: string, value: Value): void {
    this.#now = [...this.#now, { model, of, value }];
  }

  /** Lets go what other models made. */
  keepOnly(models: ReadonlySet<string>): void {
    this.#before = this.#before.filter(({ model }) => models.has(model));
  }

  /** The run has ended. */
  settle(isWhole: boolean): void {
    this.#before = isWhole ? this.#now : [];
    this.#now = [];
  }
}
