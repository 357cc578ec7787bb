/** What a language model carries from token to token: keys and values, what recurrent layers remember, or both. */
import type { DecoderGraph } from '#engine/node/decoder-protocol.ts';
import type { Tensor } from '../sessions/sessions.ts';
import { KeyValueCache, type Coming, type HeldWindow } from './key-value-cache.ts';
import { RecurrentState } from './recurrent-state.ts';

/** A moment in a sequence that the state can return to. */
export interface StateMark {
  readonly length: readonly number[];
  readonly windows: readonly HeldWindow[];
  readonly recurrent: readonly Tensor[];
}

export class DecoderState {
  readonly #keyValues: KeyValueCache;
  readonly #recurrent: RecurrentState;
  readonly #isRecurrent: boolean;
  /** Tokens that each segment of layers has seen. */
  #length: readonly number[];

  constructor({ state, segments }: Pick<DecoderGraph, 'state' | 'segments'>) {
    const keyValues = state.filter((tensor) => tensor.kind === 'key-value');
    const recurrent = state.filter((tensor) => tensor.kind === 'recurrent');
    this.#keyValues = new KeyValueCache(keyValues, segments);
    this.#recurrent = new RecurrentState(recurrent);
    this.#isRecurrent = recurrent.length > 0;
    this.#length = this.#keyValues.length;
  }

  get length(): readonly number[] {
    return this.#length;
  }

  /** Tokens that the layers of each segment whose attention slides hold. */
  get windowLength(): readonly number[] {
    return this.#keyValues.windowLength;
  }

  get keyValueBytes(): number {
    return this.#keyValues.sizeBytes;
  }

  get recurrentBytes(): number {
    return this.#recurrent.sizeBytes;
  }

  /** Begins a new sequence. */
  clear(): void {
    this.#keyValues.clear();
    this.#recurrent.clear();
    this.#length = this.#keyValues.length;
  }

  /** Forgets all tokens behind the first `count`; false, and nothing is forgotten, where what comes before is not held. */
  cutTo(count: number): boolean {
    const whole = this.#length.map(() => count);
    if (this.#isRecurrent || !this.#keyValues.reaches(whole)) return false;
    this.#length = whole;
    this.#keyValues.truncate(whole);
    return true;
  }

  /** The state as inputs of a step. */
  feeds(): Record<string, Tensor> {
    return { ...this.#keyValues.feeds(), ...this.#recurrent.feeds() };
  }

  /** What a step may write its outputs into, by their names; where nothing is named it finds memory itself. */
  places(): Record<string, Tensor> {
    return this.#recurrent.places();
  }

  /** Takes what a step gave out of its outputs: `added` tokens in each segment. */
  take(outputs: Record<string, Tensor>, added: readonly number[], coming: Coming): void {
    this.#keyValues.append(outputs, added, coming);
    this.#recurrent.take(outputs);
    this.#length = this.#length.map((count, segment) => count + (added[segment] as number));
  }

  mark(): StateMark {
    return {
      length: this.#length,
      windows: this.#keyValues.snapshot(),
      recurrent: this.#recurrent.snapshot(),
    };
  }

  /**
   * Back to a mark, and forward again over the first `kept` tokens that came after it, which every segment saw.
   * Gives how many of these have to be run again: keys and values are cut off where one likes, what a recurrent
   * layer remembers is there only as it was at the mark, and so is a window that slid on too far since.
   */
  rewind(mark: StateMark, kept: number): number {
    const whole = mark.length.map((count) => count + kept);
    const isKept = !this.#isRecurrent && this.#keyValues.reaches(whole);
    this.#length = isKept ? whole : mark.length;
    if (!this.#keyValues.reaches(this.#length)) this.#keyValues.restore(mark.windows);
    this.#keyValues.truncate(this.#length);
    this.#recurrent.restore(mark.recurrent);
    return isKept ? 0 : kept;
  }
}
