/** Reads rows of checkpoint tensors as float32, holding no more than the rows that were asked for. */
import { closeSync, openSync, readSync } from 'node:fs';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { widenBfloat16, widenFloat16 } from './half-floats.ts';
import { quote, readFailure } from './read-failure.ts';
import type { TensorEntry } from './safetensors.ts';

/** Shells commonly allow 256 open files, and a model may have more shards than that. */
const openFilesLimit = 32;

/** 4 GiB of float32: an absurd row would fill the machine, and fail only after that. */
const readElementsLimit = 2 ** 30;

/** Small enough to stay in the processor's cache between reading and widening. */
const chunkBytes = 2 ** 20;

interface NumberType {
  readonly bytes: number;
  /** Widens the first `target.length` numbers of a chunk. All hosts of Node.js are little-endian. */
  readonly widen: (chunk: ArrayBuffer, target: Float32Array) => void;
}

const numberTypes: ReadonlyMap<string, NumberType> = new Map([
  ['F32', { bytes: 4, widen: (chunk, to) => to.set(new Float32Array(chunk, 0, to.length)) }],
  [
    'F16',
    { bytes: 2, widen: (chunk, to) => widenFloat16(new Uint16Array(chunk, 0, to.length), to) },
  ],
  [
    'BF16',
    { bytes: 2, widen: (chunk, to) => widenBfloat16(new Uint16Array(chunk, 0, to.length), to) },
  ],
  ['F64', { bytes: 8, widen: (chunk, to) => to.set(new Float64Array(chunk, 0, to.length)) }],
] satisfies [string, NumberType][]);

/** The number types, by their names in a safetensors file, that `readRows` widens. */
export const readableTypes: ReadonlySet<string> = new Set(numberTypes.keys());

/** Entries of the first axis, and numbers in each. A scalar is one row of one number. */
export function rowsOf(shape: readonly number[]): {
  readonly count: number;
  readonly length: number;
} {
  const [count = 1, ...rest] = shape;
  return { count, length: rest.reduce((product, size) => product * size, 1) };
}

/** Opens files when they are first read; `close` ends its use. Synchronous throughout. */
export class TensorReader {
  /** File descriptors by path, the one read longest ago first. */
  readonly #files = new Map<string, number>();
  /** Made for the first row that is read: mostly only headers are. */
  #chunk: Uint8Array<ArrayBuffer> | null = null;
  #isClosed = false;

  /**
   * Rows of the first axis, [rowCount, ...the other axes], in an array that is the caller's own.
   * Fails with 'tensor-type', or with 'checkpoint-unreadable' where the file has gone or was cut
   * short since its header was read. Rows that the tensor does not have are the caller's mistake.
   */
  readRows(entry: TensorEntry, firstRow: number, rowCount: number): Outcome<Float32Array> {
    if (this.#isClosed) throw new Error(`${entry.path} was read after the reader was closed.`);
    const rows = rowsOf(entry.shape);
    if (firstRow < 0 || rowCount < 0 || firstRow + rowCount > rows.count) {
      const wanted = `Rows ${firstRow} to ${firstRow + rowCount}`;
      throw new RangeError(`${wanted} of ${quote(entry.name)}, which has ${rows.count}.`);
    }
    const type = numberTypes.get(entry.type);
    if (type === undefined) return fail(unreadableType(entry));
    const elements = rowCount * rows.length;
    const target = allocate(elements);
    if (target === undefined) return fail(tooLong(entry, elements));
    try {
      const file = this.#open(entry.path);
      const start = entry.offset + firstRow * rows.length * type.bytes;
      return this.#fill(file, start, type, target) ? ok(target) : fail(cutShort(entry));
    } catch (cause) {
      return fail(readFailure(entry.path, cause));
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const file of this.#files.values()) closeSync(file);
    this.#files.clear();
  }

  /** False where the file ends too early. */
  #fill(file: number, start: number, type: NumberType, target: Float32Array): boolean {
    const step = chunkBytes / type.bytes;
    const chunk = (this.#chunk ??= new Uint8Array(chunkBytes));
    for (let first = 0; first < target.length; first += step) {
      const part = target.subarray(first, first + step);
      const bytes = chunk.subarray(0, part.length * type.bytes);
      if (!readWhole(file, start + first * type.bytes, bytes)) return false;
      type.widen(chunk.buffer, part);
    }
    return true;
  }

  #open(path: string): number {
    const file = this.#files.get(path) ?? openSync(path, 'r');
    this.#files.delete(path);
    this.#files.set(path, file);
    for (const [oldest, oldestFile] of this.#files) {
      if (this.#files.size <= openFilesLimit) break;
      this.#files.delete(oldest);
      closeSync(oldestFile);
    }
    return file;
  }
}

/** False where the file ends too early. */
function readWhole(file: number, position: number, bytes: Uint8Array): boolean {
  let filled = 0;
  while (filled < bytes.length) {
    const bytesRead = readSync(file, bytes, filled, bytes.length - filled, position + filled);
    if (bytesRead === 0) return false;
    filled += bytesRead;
  }
  return true;
}

/** Undefined where there is no room. */
function allocate(elements: number): Float32Array | undefined {
  if (elements > readElementsLimit) return undefined;
  try {
    return new Float32Array(elements);
  } catch {
    return undefined;
  }
}

function unreadableType({ name, type, path }: TensorEntry) {
  const known = [...readableTypes].join(', ');
  const message = `Tensor ${quote(name)} of ${path} holds ${quote(type)} numbers, only ${known} are read; choose a checkpoint in one of these.`;
  return error('tensor-type', message);
}

function tooLong({ name, path }: TensorEntry, elements: number) {
  const gigabytes = ((elements * 4) / 1e9).toFixed(1);
  const message = `Tensor ${quote(name)} of ${path} needs ${gigabytes} GB at once, more than there is or is allowed; close other programs or choose a smaller model.`;
  return error('memory-short', message);
}

function cutShort({ name, path }: TensorEntry) {
  const message = `${path} ends before tensor ${quote(name)} does: it was cut short since the checkpoint was opened; download it again, then run again.`;
  return error('checkpoint-unreadable', message);
}
