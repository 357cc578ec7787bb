/**
 * Keys and values of a language model. A step reads them where they lie and gives only those of its new tokens, which
 * are written in behind the others. Room grows in steps. Layers whose attention slides hold what their window reaches
 * and what may be taken back; what is older goes, in steps too.
 */
import {
  cachedType,
  cacheRoom,
  growthStep,
  newName,
  pastName,
  takenBackTokens,
  tokensHeld,
  type KeyValueTensor,
} from '#engine/node/decoder-protocol.ts';
import { zeros, type Tensor } from '../sessions/sessions.ts';

/** Tokens that a window gathers before they go: all that stay are copied then. */
const dropStep = 64;

/** Tokens that will follow. */
export interface Coming {
  /** Of the same prompt. */
  readonly certain: number;
  /** Of an answer, which may end early. */
  readonly possible: number;
}

/** What a window held at a moment: its tensors are written on behind that, and left when others go. */
export interface HeldWindow {
  readonly tensors: readonly Tensor[];
  readonly capacity: number;
  readonly dropped: number;
}

interface Entry {
  readonly shape: KeyValueTensor;
  tensor: Tensor;
}

/** The layers of a segment that see equally far: they hold the same tokens. */
interface Track {
  readonly segment: number;
  readonly window: number | undefined;
  readonly entries: readonly Entry[];
  capacity: number;
  /** Tokens that went, the oldest. */
  dropped: number;
}

export class KeyValueCache {
  readonly #tracks: readonly Track[];
  /** Tokens that the layers of each segment have seen. */
  #length: readonly number[];

  constructor(shapes: readonly KeyValueTensor[], segments: number) {
    const keyOf = ({ segment, window = 0 }: KeyValueTensor): string => `${segment} ${window}`;
    const keys = new Set(shapes.map(keyOf));
    this.#tracks = [...keys].map((key) => {
      const alike = shapes.filter((shape) => keyOf(shape) === key);
      const { segment, window } = alike[0] as KeyValueTensor;
      const entries = alike.map((shape) => ({ shape, tensor: room(shape, 0) }));
      return { segment, window, entries, capacity: 0, dropped: 0 };
    });
    this.#length = Array.from({ length: segments }, () => 0);
  }

  /** Tokens that the layers of each segment have seen: all that they hold, but where attention slides. */
  get length(): readonly number[] {
    return this.#length;
  }

  /** Tokens that those layers of each segment hold whose attention slides; 0 where it has none. */
  get windowLength(): readonly number[] {
    return this.#length.map((_, segment) => {
      const track = this.#tracks.find((each) => each.segment === segment && each.window);
      return track ? this.#held(track) : 0;
    });
  }

  get sizeBytes(): number {
    return this.#tracks
      .flatMap(({ entries }) => entries)
      .reduce((sum, { tensor }) => sum + (tensor.data as Float32Array).byteLength, 0);
  }

  /** Forgets all tokens; what room there is stays until it is too small or far too large. */
  clear(): void {
    this.#length = this.#length.map(() => 0);
    for (const track of this.#tracks) track.dropped = 0;
  }

  /** Is all that the next token would see still there, were those behind the first `length` forgotten? */
  reaches(length: readonly number[]): boolean {
    return this.#tracks.every(({ segment, window, dropped }) => {
      const first = window === undefined ? 0 : (length[segment] as number) - window + 1;
      return dropped <= Math.max(0, first);
    });
  }

  /** Forgets all tokens behind the first `length` of each segment, which has to reach. */
  truncate(length: readonly number[]): void {
    if (!this.reaches(length))
      throw new Error(`What a window reaches back to from token ${length.join()} is dropped.`);
    this.#length = length;
  }

  /** What windows hold now, to return to from however far. */
  snapshot(): readonly HeldWindow[] {
    return this.#windows.map(({ entries, capacity, dropped }) => ({
      tensors: entries.map(({ tensor }) => tensor),
      capacity,
      dropped,
    }));
  }

  /** What windows held then; it has to be truncated to the tokens of that moment. */
  restore(snapshot: readonly HeldWindow[]): void {
    for (const [index, track] of this.#windows.entries()) {
      const { tensors, capacity, dropped } = snapshot[index] as HeldWindow;
      for (const [place, entry] of track.entries.entries()) entry.tensor = tensors[place] as Tensor;
      track.capacity = capacity;
      track.dropped = dropped;
    }
  }

  /** The cache as inputs of a step. */
  feeds(): Record<string, Tensor> {
    return Object.fromEntries(
      this.#tracks.flatMap((track) =>
        track.entries.map(({ shape, tensor }) => [
          pastName(shape),
          this.#held(track) === 0 ? room(shape, 0) : tensor,
        ]),
      ),
    );
  }

  /**
   * Takes the outputs [1, heads, count, size] of a step that had `added` tokens in each segment out of
   * `outputs` and writes them in. Room for what is coming is made at once where room has to be made anyway.
   */
  append(outputs: Record<string, Tensor>, added: readonly number[], coming: Coming): void {
    for (const track of this.#tracks)
      appendTo(track, this.#held(track), outputs, added[track.segment] as number, coming);
    this.#length = this.#length.map((count, segment) => count + (added[segment] as number));
  }

  get #windows(): readonly Track[] {
    return this.#tracks.filter(({ window }) => window !== undefined);
  }

  #held({ segment, dropped }: Track): number {
    return (this.#length[segment] as number) - dropped;
  }
}

/** Writes `added` tokens behind the `held` ones, of which the oldest go where they are too many. */
function appendTo(
  track: Track,
  held: number,
  outputs: Record<string, Tensor>,
  added: number,
  coming: Coming,
): void {
  const { window, capacity: old } = track;
  const most = window === undefined ? Infinity : window - 1 + takenBackTokens + dropStep;
  const all = held + added;
  const kept = window === undefined || all <= most ? all : tokensHeld(all, window);
  const capacity = roomFor(kept, coming, old, most);
  const gone = all - kept;
  /** What stays of those held, and what is written of the new ones. */
  const [stay, written] = [Math.max(0, held - gone), Math.min(added, kept)];
  for (const entry of track.entries) {
    const { heads } = entry.shape;
    /** Of a head of a token. */
    const { size } = entry.shape;
    const name = newName(entry.shape);
    const from = numbersIn(entry.tensor, entry.shape);
    // What a snapshot holds is never moved.
    const isNew = capacity !== old || gone > 0;
    if (isNew) entry.tensor = room(entry.shape, capacity);
    const to = numbersIn(entry.tensor, entry.shape);
    if (isNew)
      copyHeads(heads, stay * size, [from, old * size, gone * size], [to, capacity * size, 0]);
    const fresh = numbersIn(outputs[name] as Tensor, entry.shape);
    const start = (added - written) * size;
    const behind = [to, capacity * size, stay * size] as const;
    copyHeads(heads, written * size, [fresh, added * size, start], behind);
    // A long prompt's keys and values are large: each may go as soon as it is copied.
    delete outputs[name];
  }
  track.capacity = capacity;
  track.dropped += gone;
}

function room(shape: KeyValueTensor, capacity: number): Tensor {
  return zeros(cachedType(shape), [1, shape.heads, capacity, shape.size]);
}

/** Whatever the numbers are, they are only moved. */
const movedAs = { float32: Int32Array, float16: Int16Array, int8: Int8Array } as const;
type Numbers = InstanceType<(typeof movedAs)[keyof typeof movedAs]>;

function numbersIn({ data }: Tensor, shape: KeyValueTensor): Numbers {
  const { buffer, byteOffset, byteLength } = data as Float32Array<ArrayBuffer>;
  const View = movedAs[cachedType(shape)];
  return new View(buffer, byteOffset, byteLength / View.BYTES_PER_ELEMENT);
}

/**
 * Room is kept while it fits and is not more than a growth step too large. All that is known to come gets its room at
 * once, as growing holds everything twice; of an answer, which may end early, no more than a step ahead. No more than
 * `most` are ever held.
 */
function roomFor(
  length: number,
  { certain, possible }: Coming,
  capacity: number,
  most: number,
): number {
  const wanted = Math.min(most, length + certain + Math.min(possible, growthStep));
  if (length <= capacity && capacity <= wanted + 2 * growthStep) return capacity;
  return cacheRoom(wanted, 0);
}

type Heads = readonly [numbers: Numbers, stride: number, start: number];

/** Up to here a run is copied in half the time one number after the other: a view of it would have to be made first. */
const shortRun = 256;

/** Copies `run` numbers of every head. */
function copyHeads(
  heads: number,
  run: number,
  [from, fromStride, fromStart]: Heads,
  [to, toStride, toStart]: Heads,
): void {
  if (run === 0) return;
  for (let head = 0; head < heads; head++) {
    const start = head * fromStride + fromStart;
    const behind = head * toStride + toStart;
    if (run > shortRun) to.set(from.subarray(start, start + run), behind);
    else for (let at = 0; at < run; at++) to[behind + at] = from[start + at] as number;
  }
}
