/** What recurrent layers of a language model remember: tensors of one size, replaced whole at every step. */
import { newName, pastName, type RecurrentTensor } from '#engine/node/decoder-protocol.ts';
import { float32, type Tensor } from '../sessions/sessions.ts';

export class RecurrentState {
  readonly #shapes: readonly RecurrentTensor[];
  #tensors: readonly Tensor[] = [];

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
  }

  /** The state as inputs of a step. */
  feeds(): Record<string, Tensor> {
    return Object.fromEntries(
      this.#shapes.map((tensor, index) => [pastName(tensor), this.#tensors[index] as Tensor]),
    );
  }

  /** Takes the state after a step out of its outputs. */
  take(outputs: Record<string, Tensor>): void {
    this.#tensors = this.#shapes.map((tensor) => {
      const name = newName(tensor);
      const value = outputs[name] as Tensor;
      delete outputs[name];
      return value;
    });
  }

  /** A step makes new tensors and changes none, so that to remember the old ones is to hold them. */
  snapshot(): readonly Tensor[] {
    return this.#tensors;
  }

  restore(snapshot: readonly Tensor[]): void {
    this.#tensors = snapshot;
  }
}
