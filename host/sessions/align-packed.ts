/**
 * Puts packed weights where they are read right. ONNX Runtime packs a matrix into memory that is aligned, and writes it
 * on a whole page only where it is above 1 MiB; a smaller one comes to lie right behind the matrix before, whose packed
 * form ends 62 bytes past an aligned place. Mapped from there, a float32 matrix ends the process (its kernel loads
 * aligned), and a quantised one is read a few bytes beside itself, without a word.
 */
import { open, readFile, writeFile, type FileHandle } from 'node:fs/promises';
import { fieldsOf, ProtobufWriter } from '#engine/onnx/protobuf.ts';

/** What ONNX Runtime's kernels ask for, and the memory it packs into has. */
const alignmentBytes = 64;

/** Field numbers of onnx.proto3. */
const fields = { graph: 7, initializer: 5, externalData: 13, key: 1, value: 2 } as const;

/** Copies the packed matrices that lie unaligned to the end of the file of weights, and has the graph find them there. */
export async function alignPacked(graphPath: string, weightsPath: string): Promise<void> {
  const graph = await readFile(graphPath);
  const misplaced = [...packedEntries(graph)].filter(isMisplaced);
  if (misplaced.length === 0) return;
  const moves = new Map<string, string>();
  const file = await open(weightsPath, 'r+');
  try {
    for (const entry of misplaced) moves.set(entry, await moveToEnd(file, entry));
  } finally {
    await file.close();
  }
  await writeFile(graphPath, withValues(graph, moves));
}

/** A place in the file of weights as ONNX Runtime writes it, after a kernel's key: `|offset;length;checksum`. */
const placePattern = /(?<=\|)(\d+);(\d+)(?=;\d+(?:\||$))/g;

function isMisplaced(entry: string): boolean {
  return [...entry.matchAll(placePattern)].some(
    ([, offset]) => Number(offset) % alignmentBytes !== 0,
  );
}

async function moveToEnd(file: FileHandle, entry: string): Promise<string> {
  let moved = '';
  let after = 0;
  for (const { 0: place, 1: offset, 2: length, index } of entry.matchAll(placePattern)) {
    const bytes = Buffer.alloc(Number(length));
    await file.read(bytes, 0, bytes.length, Number(offset));
    const { size } = await file.stat();
    const end = Math.ceil(size / alignmentBytes) * alignmentBytes;
    await file.write(bytes, 0, bytes.length, end);
    moved += `${entry.slice(after, index)}${end};${length}`;
    after = index + place.length;
  }
  return moved + entry.slice(after);
}

/** From a model to its initializers' entries on data outside of the file. */
const entryPath = [fields.graph, fields.initializer, fields.externalData];

/** What the initializers of a graph say about their packed forms. */
function* packedEntries(message: Uint8Array, [number, ...deeper] = entryPath): Generator<string> {
  if (number === undefined) {
    const value = packedValue(message);
    if (value !== null) yield value;
    return;
  }
  for (const field of fieldsOf(message))
    if (field.number === number) yield* packedEntries(field.content, deeper);
}

function packedValue(entry: Uint8Array): string | null {
  const texts = new Map(
    [...fieldsOf(entry)].map(({ number, content }) => [number, textOf(content)]),
  );
  return texts.get(fields.key)?.startsWith('prepacked_') ? (texts.get(fields.value) ?? null) : null;
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/** The model with other values in its initializers' entries; everything else stays as it is, byte for byte. */
function withValues(model: Uint8Array, values: ReadonlyMap<string, string>): Uint8Array {
  const rewrite = (message: Uint8Array, depth: number): Uint8Array => {
    const writer = new ProtobufWriter();
    for (const field of fieldsOf(message)) {
      const moved = depth === entryPath.length ? values.get(textOf(field.content)) : undefined;
      if (moved !== undefined && field.number === fields.value) writer.text(fields.value, moved);
      else if (field.number === entryPath[depth])
        writer.bytes(field.number, rewrite(field.content, depth + 1));
      else writer.field(field);
    }
    return writer.finish();
  };
  return rewrite(model, 0);
}
