/**
 * Keys and values of a language model. A step reads them where they lie and gives only those of its new
 * tokens, which are written in behind the others. Room grows in steps.
 */
import { newName, pastName, type KeyValueTensor } from '#engine/node/decoder-protocol.ts';
import { float32, type Tensor } from '../sessions/sessions.ts';

/** Tokens that room grows by: masked places cost arithmetic, growing costs a copy of everything. */
const growthStep = 128;
/** A size that is no multiple of this would waste no less. */
const roundedTo = 16;

/** Tokens that will follow. */
export interface Coming {
  /** Of the same prompt. */
  readonly certain: number;
  /** Of an answer, which may end early. */
  readonly possible: number;
}

interface Entry {
  readonly shape: KeyValueTensor;
  tensor: Tensor;
}

export class KeyValueCache {
  readonly #entries: readonly Entry[];
  /** By segment of layers; those of a segment hold the same tokens. */
  #capacity: readonly number[];
  #length: readonly number[];

  constructor(shapes: readonly KeyValueTensor[], segments: number) {
    this.#entries = shapes.map((shape) => ({ shape, tensor: room(shape, 0) }));
    this.#capacity = Array.from({ length: segments }, () => 0);
    this.#length = this.#capacity;
  }

  /** Tokens in the layers of each segment. */
  get length(): readonly number[] {
    return this.#length;
  }

  get sizeBytes(): number {
    return this.#entries.reduce(
      (sum, { tensor }) => sum + (tensor.data as Float32Array).byteLength,
      0,
    );
  }

  /** Forgets all tokens; what room there is stays until it is too small or far too large. */
  clear(): void {
    this.#length = this.#length.map(() => 0);
  }

  /** Forgets all tokens behind the first `length` of each segment. */
  truncate(length: readonly number[]): void {
    this.#length = length;
  }

  /** The cache as inputs of a step. */
  feeds(): Record<string, Tensor> {
    return Object.fromEntries(
      this.#entries.map(({ shape, tensor }) => [
        pastName(shape),
        this.#length[shape.segment] === 0 ? room(shape, 0) : tensor,
      ]),
    );
  }

  /**
   * Takes the outputs [1, heads, count, size] of a step that had `added` tokens in each segment out of
   * `outputs` and writes them in. Room for what is coming is made at once where room has to be made anyway.
   */
  append(outputs: Record<string, Tensor>, added: readonly number[], coming: Coming): void {
    const length = this.#length.map((count, segment) => count + (added[segment] as number));
    const capacity = this.#capacity.map((old, segment) =>
      roomFor(length[segment] as number, coming, old),
    );
    for (const entry of this.#entries) {
      const { shape } = entry;
      const { heads, size, segment } = shape;
      const at = (lengths: readonly number[]): number => (lengths[segment] as number) * size;
      if (capacity[segment] !== this.#capacity[segment]) {
        const old = entry.tensor.data as Float32Array;
        entry.tensor = room(shape, capacity[segment] as number);
        copyHeads(old, at(this.#capacity), entry, at(capacity), heads, 0, at(this.#length));
      }
      const name = newName(shape);
      const from = (outputs[name] as Tensor).data as Float32Array;
      copyHeads(from, at(added), entry, at(capacity), heads, at(this.#length), at(added));
      // A long prompt's keys and values are large: each may go as soon as it is copied.
      delete outputs[name];
    }
    this.#capacity = capacity;
    this.#length = length;
  }
}

function room({ heads, size }: KeyValueTensor, capacity: number): Tensor {
  return float32(new Float32Array(heads * capacity * size), [1, heads, capacity, size]);
}

/**
 * Room is kept while it fits and is not more than a growth step too large. All that is known to come gets its room at
 * once, as growing holds everything twice; of an answer, which may end early, no more than a step ahead.
 */
function roomFor(length: number, { certain, possible }: Coming, capacity: number): number {
  const wanted = length + certain + Math.min(possible, growthStep);
  if (length <= capacity && capacity <= wanted + 2 * growthStep) return capacity;
  return Math.ceil(wanted / roundedTo) * roundedTo;
}

/** Copies `run` numbers of every head, from the start of it there to `at` here. */
function copyHeads(
  from: Float32Array,
  fromStride: number,
  { tensor }: Pick<Entry, 'tensor'>,
  toStride: number,
  heads: number,
  at: number,
  run: number,
): void {
  if (run === 0) return;
  const to = tensor.data as Float32Array;
  for (let head = 0; head < heads; head++) {
    to.set(from.subarray(head * fromStride, head * fromStride + run), head * toStride + at);
  }
}
