/**
 * Keys and values of a language model. A step reads them where they lie and gives only those of its new
 * tokens, which are written in behind the others. Room grows in steps.
 */
import type { KeyValueShape } from '#engine/plan/host-step.ts';
import { float32, type Tensor } from './sessions.ts';

/** Tokens that room grows by: masked places cost arithmetic, growing costs a copy of everything. */
const growthStep = 128;
/** A size that is no multiple of this would waste no less. */
const roundedTo = 16;

export interface CachedLengths {
  /** Tokens in the layers before an acceleration part prunes; in all layers where there is none. */
  readonly full: number;
  /** Tokens in the layers after it. */
  readonly kept: number;
}

type Group = keyof CachedLengths;

interface Entry {
  readonly name: string;
  readonly group: Group;
  tensor: Tensor;
}

export class KeyValueCache {
  readonly #shape: KeyValueShape;
  readonly #entries: readonly Entry[];
  #capacity: CachedLengths = { full: 0, kept: 0 };
  #length: CachedLengths = { full: 0, kept: 0 };

  /** Layers from `keptFrom` on hold the kept tokens only. */
  constructor(shape: KeyValueShape, keptFrom: number) {
    this.#shape = shape;
    this.#entries = Array.from({ length: shape.layerCount }, (_, layer) => layer).flatMap((layer) =>
      ['key', 'value'].map((part) => ({
        name: `${layer}.${part}`,
        group: layer < keptFrom ? ('full' as const) : ('kept' as const),
        tensor: this.#room(0),
      })),
    );
  }

  get length(): CachedLengths {
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
    this.#length = { full: 0, kept: 0 };
  }

  /** The cache as inputs `past.<layer>.<part>` of a step. */
  feeds(): Record<string, Tensor> {
    const empty = this.#length.full === 0;
    return Object.fromEntries(
      this.#entries.map(({ name, tensor }) => [`past.${name}`, empty ? this.#room(0) : tensor]),
    );
  }

  /**
   * Takes the outputs `new.<layer>.<part>` [1, heads, count, size] of a step that had `added` tokens out
   * of `outputs` and writes them in. `expected` more tokens are to come: room for them is made at once
   * where room has to be made anyway.
   */
  append(outputs: Record<string, Tensor>, added: CachedLengths, expected: number): void {
    const length = { full: this.#length.full + added.full, kept: this.#length.kept + added.kept };
    const ahead = Math.min(expected, growthStep);
    const capacity = {
      full: roomFor(length.full, ahead, this.#capacity.full),
      kept: roomFor(length.kept, ahead, this.#capacity.kept),
    };
    const { heads, size } = this.#shape;
    for (const entry of this.#entries) {
      const { name, group } = entry;
      if (capacity[group] !== this.#capacity[group]) {
        const old = entry.tensor.data as Float32Array;
        entry.tensor = this.#room(capacity[group]);
        const run = this.#length[group] * size;
        copyHeads(old, this.#capacity[group] * size, entry, capacity[group] * size, heads, 0, run);
      }
      const from = (outputs[`new.${name}`] as Tensor).data as Float32Array;
      const run = added[group] * size;
      copyHeads(from, run, entry, capacity[group] * size, heads, this.#length[group] * size, run);
      // A long prompt's keys and values are large: each may go as soon as it is copied.
      delete outputs[`new.${name}`];
    }
    this.#capacity = capacity;
    this.#length = length;
  }

  #room(capacity: number): Tensor {
    const { heads, size } = this.#shape;
    return float32(new Float32Array(heads * capacity * size), [1, heads, capacity, size]);
  }
}

/** Room is kept while it fits and is not more than a growth step too large. */
function roomFor(length: number, expected: number, capacity: number): number {
  if (length <= capacity && capacity <= length + expected + 2 * growthStep) return capacity;
  return Math.ceil((length + expected) / roundedTo) * roundedTo;
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
