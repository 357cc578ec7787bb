/** What is written is what the format says, read back byte by byte. */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { publishedDecoders } from '#nodes/language/published-decoders.ts';
import { ggufHeader, tensorBytes, writeGguf, type GgufTensor } from './gguf.ts';
import { languageFacts, languageTensors } from './gguf-language-model.ts';

/** As much of a reader as the written kinds need. */
class Reader {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  uint32(): number {
    this.#at += 4;
    return this.#bytes.readUInt32LE(this.#at - 4);
  }

  uint64(): number {
    this.#at += 8;
    return Number(this.#bytes.readBigUInt64LE(this.#at - 8));
  }

  text(): string {
    const length = this.uint64();
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  value(type = this.uint32()): unknown {
    if (type === 9) {
      const item = this.uint32();
      return Array.from({ length: this.uint64() }, () => this.value(item));
    }
    if (type === 8) return this.text();
    if (type === 7) {
      this.#at += 1;
      return this.#bytes[this.#at - 1] === 1;
    }
    this.#at += 4;
    if (type === 6) return this.#bytes.readFloatLE(this.#at - 4);
    if (type === 5) return this.#bytes.readInt32LE(this.#at - 4);
    return this.#bytes.readUInt32LE(this.#at - 4);
  }
}

function readHeader(bytes: Buffer) {
  const reader = new Reader(bytes);
  expect(bytes.toString('latin1', 0, 4)).toBe('GGUF');
  expect([reader.uint32(), reader.uint32()][1]).toBe(3);
  const [tensorCount, factCount] = [reader.uint64(), reader.uint64()];
  const facts = Object.fromEntries(
    Array.from({ length: factCount }, () => [reader.text(), reader.value()]),
  );
  const tensors = Array.from({ length: tensorCount }, () => {
    const name = reader.text();
    const sizes = Array.from({ length: reader.uint32() }, () => reader.uint64());
    return { name, sizes, type: reader.uint32(), offset: reader.uint64() };
  });
  return { facts, tensors, end: reader.at };
}

const tensors: readonly GgufTensor[] = [
  { name: 'norm', shape: [3], type: 'f32' },
  { name: 'matrix', shape: [2, 64], type: 'q4_0' },
  { name: 'last', shape: [5], type: 'f32' },
];

test('facts and tensors are read back as they were given, columns first', () => {
  const header = ggufHeader(
    {
      count: { uint32: 4_000_000_000 },
      epsilon: { float32: 0.5 },
      isSo: { bool: true },
      words: { strings: ['a', 'ü', ''] },
      kinds: { int32s: [-1, 6] },
      scores: { float32s: [0, -1.5] },
    },
    tensors,
  );
  const { facts, tensors: read, end } = readHeader(header);
  expect(facts).toEqual({
    count: 4_000_000_000,
    epsilon: 0.5,
    isSo: true,
    words: ['a', 'ü', ''],
    kinds: [-1, 6],
    scores: [0, -1.5],
  });
  expect(read).toEqual([
    { name: 'norm', sizes: [3], type: 0, offset: 0 },
    // 12 bytes of the one before, and those up to a multiple of 32.
    { name: 'matrix', sizes: [64, 2], type: 2, offset: 32 },
    { name: 'last', sizes: [5], type: 0, offset: 32 + 96 },
  ]);
  expect(header.length % 32).toBe(0);
  expect(header.length - end).toBeLessThan(32);
});

test('the numbers of each tensor lie where the file says', async () => {
  const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-gguf-'));
  try {
    const path = join(folder, 'model.gguf');
    await writeGguf(path, {}, tensors, (tensor) => {
      const bytes = Buffer.alloc(tensorBytes(tensor), tensor.name);
      return [bytes.subarray(0, 7), bytes.subarray(7)];
    });
    expect(await readdir(folder)).toEqual(['model.gguf']);
    const file = await readFile(path);
    const header = ggufHeader({}, tensors);
    for (const [index, { offset }] of readHeader(file).tensors.entries()) {
      const { name } = tensors[index]!;
      const at = header.length + offset;
      expect(file.toString('latin1', at, at + name.length)).toBe(name);
    }
    expect(file.length).toBe(header.length + 32 + 96 + 32);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a published shape has as many weights there as here', () => {
  const weightsOf = (list: readonly GgufTensor[]) =>
    list.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  const tinyLlama = languageTensors('llama', publishedDecoders['tinyllama-1.1b']);
  expect(weightsOf(tinyLlama)).toBe(1_100_048_384);
  const phi = languageTensors('phi2', publishedDecoders['phi-2']);
  expect(weightsOf(phi)).toBe(2_779_683_840);
  for (const { shape, type } of [...tinyLlama, ...phi])
    expect(type === 'f32' || shape.at(-1)! % 32 === 0).toBe(true);
  const facts = languageFacts('phi2', publishedDecoders['phi-2']);
  expect(facts['phi2.rope.dimension_count']).toEqual({ uint32: 32 });
});
