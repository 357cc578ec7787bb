/**
 * Seeded random weights at the speed of memory copies: every row of every tensor is a window of one
 * table of normal numbers. The table is quantised once per block format, so that a random model in
 * int4 holds the quantised numbers of the same model in float32.
 */
import { createHash } from 'node:crypto';
import type { BlockFormat, WeightInit } from '#engine/onnx/weight.ts';
import { seededRandom } from '#engine/seeded-random.ts';
import { quantiseBlocks, type QuantisedBlocks } from './quantise-blocks.ts';

/** 16 MB of numbers: windows of the largest published rows overlap little. */
const tableLength = 2 ** 22;
/** Windows start at whole blocks of every format. */
const windowStep = 128;

const embeddingDeviation = 0.02;

export interface RandomTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly init: WeightInit;
}

/** Tables of recent seeds: making one takes longer than building a small stage. */
const recent = new Map<number, NoiseTable>();

export function noiseTable(seed: number): NoiseTable {
  let table = recent.get(seed);
  if (!table) {
    recent.clear();
    table = new NoiseTable(seed);
    recent.set(seed, table);
  }
  return table;
}

export class NoiseTable {
  readonly #seed: number;
  readonly #numbers: Float32Array;
  readonly #quantised = new Map<string, QuantisedBlocks>();

  constructor(seed: number) {
    this.#seed = seed;
    this.#numbers = normalNumbers(seed);
  }

  /** Rows `first` … of a tensor, [count, columns]. */
  rows(tensor: RandomTensor, first: number, count: number): Float32Array {
    const columns = columnsOf(tensor);
    const result = new Float32Array(count * columns);
    if (tensor.init === 'norm') return result.fill(1);
    if (tensor.init === 'bias') return result;
    const deviation = deviationOf(tensor);
    const hash = this.#hash(tensor);
    for (let row = 0; row < count; row++) {
      const at = row * columns;
      this.#copyWindow(hash, first + row, columns, 1, this.#numbers, result, at);
      multiplyRun(result, at, columns, deviation * rowFactor(hash, first + row));
    }
    return result;
  }

  /** The same rows in block format; null where a row is no whole number of blocks. */
  blocks(
    tensor: RandomTensor,
    first: number,
    count: number,
    format: BlockFormat,
  ): QuantisedBlocks | null {
    const columns = columnsOf(tensor);
    if (columns % format.blockSize !== 0 || tensor.init === 'norm' || tensor.init === 'bias')
      return null;
    const table = this.#quantisedTable(format);
    const elementsPerByte = 8 / format.bits;
    const codes = new Uint8Array((count * columns) / elementsPerByte);
    const scales = new Float32Array((count * columns) / format.blockSize);
    const deviation = deviationOf(tensor);
    const hash = this.#hash(tensor);
    const blocks = columns / format.blockSize;
    for (let row = 0; row < count; row++) {
      const at = row * columns;
      this.#copyWindow(hash, first + row, columns, elementsPerByte, table.codes, codes, at);
      this.#copyWindow(hash, first + row, columns, format.blockSize, table.scales, scales, at);
      multiplyRun(scales, row * blocks, blocks, deviation * rowFactor(hash, first + row));
    }
    return { codes, scales };
  }

  /** Copies the window of one row out of a table that holds `perEntry` numbers an entry. */
  #copyWindow<Table extends Float32Array | Uint8Array>(
    hash: number,
    row: number,
    columns: number,
    perEntry: number,
    from: Table,
    to: Table,
    at: number,
  ): void {
    let start = windowStart(hash, row);
    for (let done = 0; done < columns;) {
      const length = Math.min(columns - done, tableLength - start);
      const window = from.subarray(start / perEntry, (start + length) / perEntry);
      to.set(window, (at + done) / perEntry);
      done += length;
      start = 0;
    }
  }

  #quantisedTable(format: BlockFormat): QuantisedBlocks {
    const key = `${format.bits}/${format.blockSize}`;
    let table = this.#quantised.get(key);
    if (!table) {
      table = quantiseBlocks(this.#numbers, tableLength, format);
      this.#quantised.set(key, table);
    }
    return table;
  }

  #hash({ name }: RandomTensor): number {
    return createHash('sha256').update(`${this.#seed}/${name}`).digest().readUInt32LE(0);
  }
}

function columnsOf({ shape }: RandomTensor): number {
  return shape.slice(1).reduce((product, size) => product * size, 1);
}

/** Matrices keep the size of what they multiply: one over the square root of the inputs. */
function deviationOf(tensor: RandomTensor): number {
  return tensor.init === 'embedding' ? embeddingDeviation : columnsOf(tensor) ** -0.5;
}

function multiplyRun(numbers: Float32Array, start: number, length: number, factor: number): void {
  for (let index = start; index < start + length; index++) numbers[index]! *= factor;
}

function mix(hash: number, row: number): number {
  let mixed = Math.imul(hash ^ (row + 0x9e37_79b9), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function windowStart(hash: number, row: number): number {
  return (mix(hash, row) % (tableLength / windowStep)) * windowStep;
}

/** Two rows of a large table may have the same window; their sizes still differ, so that no two tie. */
function rowFactor(hash: number, row: number): number {
  return 0.95 + (0.1 * mix(~hash, row)) / 2 ** 32;
}

/** Standard normal numbers by Box and Muller's method over mulberry32. */
function normalNumbers(seed: number): Float32Array {
  const numbers = new Float32Array(tableLength);
  const next = seededRandom(seed);
  for (let index = 0; index < tableLength; index += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    numbers[index] = radius * Math.cos(angle);
    numbers[index + 1] = radius * Math.sin(angle);
  }
  return numbers;
}
