/** Rows of a node's tensor that are no run in the stored one: spread over blocks of it, or its columns. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { RowRun } from '#engine/onnx/weight.ts';
import type { TensorEntry } from './safetensors.ts';
import { rowsOf, type TensorReader } from './tensor-reader.ts';

export interface ScatteredRows extends Required<RowRun> {
  /** Of the node's tensor. */
  readonly shape: readonly number[];
}

/** Reads such rows; of a turned matrix it keeps the one that was read last, which is asked for some rows at a time. */
export class ScatteredReader {
  readonly #reader: TensorReader;
  #kept: { readonly name: string; readonly numbers: Float32Array } | null = null;

  constructor(reader: TensorReader) {
    this.#reader = reader;
  }

  /** Rows `first` up to `first + count` of the node's tensor, [count, columns]. Fails as TensorReader does. */
  read(
    entry: TensorEntry,
    rows: ScatteredRows,
    first: number,
    count: number,
  ): Outcome<Float32Array> {
    return rows.turned
      ? this.#columns(entry, rows, first, count)
      : this.#runs(entry, rows, first, count);
  }

  #runs(
    entry: TensorEntry,
    { shape, start, of, blocks }: ScatteredRows,
    first: number,
    count: number,
  ): Outcome<Float32Array> {
    const { count: all, length } = rowsOf(shape);
    const perBlock = all / blocks;
    const target = new Float32Array(count * length);
    for (let row = first; row < first + count;) {
      const inside = row % perBlock;
      const run = Math.min(perBlock - inside, first + count - row);
      const at = Math.floor(row / perBlock) * (of / blocks) + start + inside;
      const read = this.#reader.readRows(entry, at, run);
      if (!read.ok) return read;
      target.set(read.value, (row - first) * length);
      row += run;
    }
    return ok(target);
  }

  /** Stored [columns, of]. */
  #columns(
    entry: TensorEntry,
    { shape, start, of }: ScatteredRows,
    first: number,
    count: number,
  ): Outcome<Float32Array> {
    const whole = this.#whole(entry);
    if (!whole.ok) return whole;
    const { length } = rowsOf(shape);
    const target = new Float32Array(count * length);
    for (let column = 0; column < length; column++) {
      const from = column * of + start + first;
      for (let row = 0; row < count; row++)
        target[row * length + column] = whole.value[from + row]!;
    }
    return ok(target);
  }

  #whole(entry: TensorEntry): Outcome<Float32Array> {
    if (this.#kept?.name === entry.name) return ok(this.#kept.numbers);
    this.#kept = null;
    const read = this.#reader.readRows(entry, 0, rowsOf(entry.shape).count);
    if (read.ok) this.#kept = { name: entry.name, numbers: read.value };
    return read;
  }
}
