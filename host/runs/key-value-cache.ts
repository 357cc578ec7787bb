/**
 * Keys and values of a language model, written in place by the graph: the same tensors are given as
 * past and fetched as present. Capacity is kept tight, because the binding copies every fetched
 * tensor once more, and grows in steps.
 */
import type { KeyValueShape } from '#engine/plan/host-step.ts';
import { float32, type Tensor } from './sessions.ts';

/** Tokens that capacity grows by. */
const capacityStep = 128;

export interface CachedLengths {
  /** Tokens in the layers before an acceleration part prunes; in all layers where there is none. */
  readonly full: number;
  /** Tokens in the layers after it. */
  readonly kept: number;
}

export class KeyValueCache {
  readonly #shape: KeyValueShape;
  /** Layers from here on hold the kept tokens only. */
  readonly #keptFrom: number;
  #capacity: CachedLengths = { full: 0, kept: 0 };
  #tensors: Record<string, Tensor> = {};

  constructor(shape: KeyValueShape, keptFrom: number) {
    this.#shape = shape;
    this.#keptFrom = keptFrom;
  }

  /** Makes room for so many tokens in all, keeping those that are cached already. */
  ensure(lengths: CachedLengths, cached: CachedLengths): void {
    const capacity = {
      full: roomFor(lengths.full, this.#capacity.full),
      kept: roomFor(lengths.kept, this.#capacity.kept),
    };
    if (capacity.full === this.#capacity.full && capacity.kept === this.#capacity.kept) return;
    const { layerCount, heads, size } = this.#shape;
    const tensors: Record<string, Tensor> = {};
    for (let layer = 0; layer < layerCount; layer++) {
      const group = layer < this.#keptFrom ? 'full' : 'kept';
      for (const part of ['key', 'value']) {
        const name = `${layer}.${part}`;
        const data = new Float32Array(heads * capacity[group] * size);
        const old = this.#tensors[name]?.data as Float32Array | undefined;
        if (old)
          copyHeads(
            old,
            this.#capacity[group] * size,
            data,
            capacity[group] * size,
            cached[group] * size,
          );
        tensors[name] = float32(data, [1, heads, capacity[group], size]);
      }
    }
    this.#tensors = tensors;
    this.#capacity = capacity;
  }

  /** Forgets everything; the room is kept where it is not far too large. */
  clear(expected: CachedLengths): void {
    const fits = (capacity: number, length: number) =>
      capacity >= length && capacity < length + 2 * capacityStep;
    if (fits(this.#capacity.full, expected.full) && fits(this.#capacity.kept, expected.kept))
      return;
    this.#tensors = {};
    this.#capacity = { full: 0, kept: 0 };
    this.ensure(expected, { full: 0, kept: 0 });
  }

  /** The cache as inputs and, in place, as outputs of a step. */
  bindings(): { feeds: Record<string, Tensor>; fetches: Record<string, Tensor> } {
    const feeds: Record<string, Tensor> = {};
    const fetches: Record<string, Tensor> = {};
    for (const [name, tensor] of Object.entries(this.#tensors)) {
      feeds[`past.${name}`] = tensor;
      fetches[`present.${name}`] = tensor;
    }
    return { feeds, fetches };
  }

  get sizeBytes(): number {
    return Object.values(this.#tensors).reduce(
      (sum, { data }) => sum + (data as Float32Array).byteLength,
      0,
    );
  }
}

function roomFor(length: number, capacity: number): number {
  return length <= capacity ? capacity : Math.ceil(length / capacityStep) * capacityStep;
}

/** Copies the first `length` numbers of every head into a longer array. */
function copyHeads(
  from: Float32Array,
  fromStride: number,
  to: Float32Array,
  toStride: number,
  length: number,
): void {
  for (let head = 0; head * fromStride < from.length; head++) {
    to.set(from.subarray(head * fromStride, head * fromStride + length), head * toStride);
  }
}
