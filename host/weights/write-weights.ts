/** Writes all weights of a graph into one file, a few megabytes at a time. */
import type { FileHandle } from 'node:fs/promises';
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import type { WeightEntry } from '#engine/onnx/weight.ts';
import type { WeightLayout, WeightPlace } from '#engine/onnx/weight-layout.ts';
import { readBlocks, readRows, rowsAndColumns, type SourceOf } from './expression-rows.ts';
import { quantiseBlocks } from './quantise-blocks.ts';
import { writeChannels } from './write-channels.ts';

/** Float32 numbers held at once: 8 MB. */
const chunkNumbers = 2 ** 21;

/** `progress` is told how much of the file is filled, between chunks; where it fails, the writing ends. */
export async function writeWeights(
  model: StageModel,
  layout: WeightLayout,
  file: FileHandle,
  sourceOf: SourceOf,
  progress: (filledBytes: number) => Promise<Outcome<null>>,
): Promise<Outcome<null>> {
  for (const entry of model.weights) {
    const places = entry.initializers.map(({ name }) => layout.places.get(name) as WeightPlace);
    const written =
      entry.form.kind === 'channels'
        ? await writeTurned(entry, places, file, sourceOf, progress)
        : await writeRows(entry, places, file, sourceOf, progress);
    if (!written.ok) return written;
  }
  return ok(null);
}

type Progress = Parameters<typeof writeWeights>[4];

/** Rows as they come: numbers, or codes and scales. */
async function writeRows(
  entry: WeightEntry,
  places: readonly WeightPlace[],
  file: FileHandle,
  sourceOf: SourceOf,
  progress: Progress,
): Promise<Outcome<null>> {
  const { rows, columns } = rowsAndColumns(entry.expression);
  const step = rowsAtOnce(columns);
  for (let first = 0; first < rows; first += step) {
    const parts = entryBytes(entry, first, Math.min(step, rows - first), sourceOf);
    if (!parts.ok) return parts;
    let filled = 0;
    for (const [index, bytes] of parts.value.entries()) {
      const { offset, length } = places[index] as WeightPlace;
      const position = offset + (length / rows) * first;
      await file.write(bytes, 0, bytes.length, position);
      filled = position + bytes.length;
    }
    const told = await progress(filled);
    if (!told.ok) return told;
  }
  return ok(null);
}

function writeTurned(
  { expression }: WeightEntry,
  [codes, scales]: readonly WeightPlace[],
  file: FileHandle,
  sourceOf: SourceOf,
  progress: Progress,
): Promise<Outcome<null>> {
  const { rows: outputs, columns: inputs } = rowsAndColumns(expression);
  const read = (first: number, count: number) => readRows(expression, first, count, sourceOf);
  const places = { codes: codes as WeightPlace, scales: scales as WeightPlace };
  return writeChannels(file, { outputs, inputs, step: rowsAtOnce(inputs), read }, places, progress);
}

const rowsAtOnce = (columns: number): number => Math.max(1, Math.floor(chunkNumbers / columns));

/** The bytes of some rows for each initializer of an entry: numbers, or codes and scales. */
function entryBytes(
  { expression, form }: WeightEntry,
  first: number,
  count: number,
  sourceOf: SourceOf,
): Outcome<readonly Uint8Array[]> {
  const ready =
    form.kind === 'blocks' ? readBlocks(expression, first, count, form, sourceOf) : null;
  if (ready) return ok([ready.codes, bytesOf(ready.scales)]);
  const numbers = readRows(expression, first, count, sourceOf);
  if (!numbers.ok) return numbers;
  if (form.kind !== 'blocks') return ok([bytesOf(numbers.value)]);
  const { columns } = rowsAndColumns(expression);
  const { codes, scales } = quantiseBlocks(numbers.value, columns, form);
  return ok([codes, bytesOf(scales)]);
}

function bytesOf(numbers: Float32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}
