/**
 * Writes files that llama.cpp reads (GGUF, version 3: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), as far
 * as random models need it: facts, then what tensors there are, then their numbers, each at a multiple of 32 bytes.
 */
import { open, rename } from 'node:fs/promises';

/** Written as the first key says. */
export type GgufValue =
  | { readonly uint32: number }
  | { readonly float32: number }
  | { readonly bool: boolean }
  | { readonly string: string }
  | { readonly strings: readonly string[] }
  | { readonly float32s: readonly number[] }
  | { readonly int32s: readonly number[] };

export interface GgufTensor {
  readonly name: string;
  /** [rows, columns] or [columns]; the file has the columns first. */
  readonly shape: readonly number[];
  readonly type: 'f32' | 'q4_0';
}

const alignment = 32;
const valueTypes = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;
const tensorTypes = { f32: 0, q4_0: 2 } as const;

/** Weights of a row that share a scale, and the bytes that they take with it: float16, then 16 pairs. */
export const quantised = { blockWeights: 32, blockBytes: 18 } as const;

export function tensorBytes({ shape, type }: GgufTensor): number {
  const count = shape.reduce((product, size) => product * size, 1);
  return type === 'f32' ? 4 * count : (count / quantised.blockWeights) * quantised.blockBytes;
}

const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/** All that comes before the numbers, padded to where they begin. */
export function ggufHeader(
  facts: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
): Buffer {
  const entries = Object.entries(facts);
  const parts = [
    Buffer.from('GGUF'),
    uint32(3),
    uint64(tensors.length),
    uint64(entries.length),
    ...entries.flatMap(([key, value]) => [text(key), ...valueParts(value)]),
  ];
  let offset = 0;
  for (const tensor of tensors) {
    const { name, shape, type } = tensor;
    parts.push(text(name), uint32(shape.length), ...shape.toReversed().map(uint64));
    parts.push(uint32(tensorTypes[type]), uint64(offset));
    offset += aligned(tensorBytes(tensor));
  }
  const header = Buffer.concat(parts);
  return Buffer.concat([header, Buffer.alloc(aligned(header.length) - header.length)]);
}

function valueParts(value: GgufValue): readonly Buffer[] {
  if ('uint32' in value) return [uint32(valueTypes.uint32), uint32(value.uint32)];
  if ('float32' in value) return [uint32(valueTypes.float32), float32(value.float32)];
  if ('bool' in value) return [uint32(valueTypes.bool), Buffer.of(value.bool ? 1 : 0)];
  if ('string' in value) return [uint32(valueTypes.string), text(value.string)];
  if ('strings' in value) return list(valueTypes.string, value.strings.map(text));
  if ('float32s' in value) return list(valueTypes.float32, value.float32s.map(float32));
  return list(valueTypes.int32, value.int32s.map(int32));
}

const list = (type: number, items: readonly Buffer[]): readonly Buffer[] => [
  uint32(valueTypes.array),
  uint32(type),
  uint64(items.length),
  ...items,
];

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** Its length in bytes, then itself. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([uint64(bytes.length), bytes]);
}

/** Takes its name only once it is whole. `numbersOf` gives a tensor's bytes piece by piece. */
export async function writeGguf(
  path: string,
  facts: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
  numbersOf: (tensor: GgufTensor) => Iterable<Buffer>,
): Promise<void> {
  const unfinished = `${path}.unfinished`;
  const file = await open(unfinished, 'w');
  try {
    await file.writeFile(ggufHeader(facts, tensors));
    for (const tensor of tensors) {
      for (const piece of numbersOf(tensor)) await file.writeFile(piece);
      const bytes = tensorBytes(tensor);
      await file.writeFile(Buffer.alloc(aligned(bytes) - bytes));
    }
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
}
