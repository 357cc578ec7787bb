/**
 * What recurrent layers of a language model remember: tensors of one size, replaced whole at every step. Two sets take
 * turns, one read while the other is written: were they made anew, megabytes a token would have to be collected.
 */
import { newName, pastName, type RecurrentTensor } from '#engine/node/decoder-protocol.ts';
import { float32, type Tensor } from '../sessions/sessions.ts';

export class RecurrentState {
  readonly #shapes: readonly RecurrentTensor[];
  #tensors: readonly Tensor[] = [];
  /** Does a snapshot hold the tensors? */
  #isHeld = false;
  /** What was before and nobody holds. */
  #spare: readonly Tensor[] = [];

  constructor(shapes: readonly RecurrentTensor[]) {
    this.#shapes = shapes;
    this.clear();
  }

  get sizeBytes(): number {
    return this.#tensors.reduce((sum, { data }) => sum + (data as Float32Array).byteLength, 0);
  }

  clear(): void {
    this.#tensors = this.#shapes.map(({ shape }) => {
      const count = shape.reduce((product, size) => product * size, 1);
      return float32(new Float32Array(count), shape);
    });
    this.#isHeld = false;
  }

  /** The state as inputs of a step. */
  feeds(): Record<string, Tensor> {
    return Object.fromEntries(
      this.#shapes.map((tensor, index) => [pastName(tensor), this.#tensors[index] as Tensor]),
    );
  }

  /** What a step may write its outputs into, as far as there is anything; `take` has to follow. */
  places(): Record<string, Tensor> {
    return Object.fromEntries(
      this.#spare.map((tensor, index) => [newName(this.#shapes[index] as RecurrentTensor), tensor]),
    );
  }

  /** Takes the state after a step out of its outputs. */
  take(outputs: Record<string, Tensor>): void {
    this.#spare = this.#isHeld ? [] : this.#tensors;
    this.#isHeld = false;
    this.#tensors = this.#shapes.map((tensor) => {
      const name = newName(tensor);
      const value = outputs[name] as Tensor;
      delete outputs[name];
      return value;
    });
  }

  /** What is held is not written over, so that to remember it needs no copy. */
  snapshot(): readonly Tensor[] {
    this.#isHeld = true;
    return this.#tensors;
  }

  restore(snapshot: readonly Tensor[]): void {
    this.#tensors = snapshot;
    this.#isHeld = true;
  }
}
