import { readdirSync } from 'node:fs';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '#engine/contract/outcome.ts';
import { readSafetensorsHeader, type TensorEntry } from './safetensors.ts';
import { rowsOf, TensorReader } from './tensor-reader.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-tensor-reader-'));
});
afterAll(() => rm(folder, { recursive: true }));

let reader: TensorReader;
beforeEach(() => {
  reader = new TensorReader();
});
afterEach(() => reader.close());

describe('a tensor reader', () => {
  it('widens the numbers of each type from their bit patterns', async () => {
    const entries = await writeTensors('types.safetensors', {
      // One odd byte first, so that nothing after it is aligned.
      odd: { type: 'U8', shape: [1], data: Uint8Array.of(1) },
      F32: { type: 'F32', shape: [2], data: Uint32Array.of(0x3f800000, 0xc0490fdb) },
      F16: { type: 'F16', shape: [4], data: Uint16Array.of(0x3c00, 0x8001, 0x7bff, 0xfc00) },
      BF16: { type: 'BF16', shape: [3], data: Uint16Array.of(0x3f80, 0xc049, 0x0001) },
      F64: {
        type: 'F64',
        shape: [2],
        data: BigUint64Array.of(0x3ff0000000000000n, 0xc00921fb54442d18n),
      },
    });
    const read = (name: string) => [
      ...rows(entries, name, 0, rowsOf(entry(entries, name).shape).count),
    ];
    expect({ F32: read('F32'), F16: read('F16'), BF16: read('BF16'), F64: read('F64') }).toEqual({
      F32: [1, -Math.fround(Math.PI)],
      F16: [1, -(2 ** -24), 65504, -Infinity],
      BF16: [1, -3.140625, 2 ** -133],
      F64: [1, -Math.fround(Math.PI)],
    });
  });

  it('reads rows from the middle of a tensor, whatever its rank', async () => {
    const counting = Float32Array.from({ length: 24 }, (_, index) => index);
    const entries = await writeTensors('ranks.safetensors', {
      scalar: { type: 'F32', shape: [], data: Float32Array.of(42) },
      vector: { type: 'F32', shape: [24], data: counting },
      matrix: { type: 'F32', shape: [6, 4], data: counting },
      stack: { type: 'F32', shape: [4, 3, 2], data: counting },
      empty: { type: 'F32', shape: [3, 0], data: new Float32Array() },
    });
    expect([...rows(entries, 'scalar', 0, 1)]).toEqual([42]);
    expect([...rows(entries, 'vector', 7, 3)]).toEqual([7, 8, 9]);
    expect([...rows(entries, 'matrix', 2, 2)]).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
    expect([...rows(entries, 'stack', 3, 1)]).toEqual([18, 19, 20, 21, 22, 23]);
    expect([...rows(entries, 'stack', 4, 0)]).toEqual([]);
    expect([...rows(entries, 'empty', 1, 2)]).toEqual([]);
  });

  it('reads rows that are longer than what it holds at once', async () => {
    const [count, length] = [3, 1_000_003];
    const data = Uint16Array.from({ length: count * length }, (_, index) => index % 31_000);
    const entries = await writeTensors('long.safetensors', {
      long: { type: 'BF16', shape: [count, length], data },
    });
    const read = rows(entries, 'long', 1, 2);
    const patterns = new Uint32Array(read.buffer).map((bits) => bits >>> 16);
    expect(patterns.length).toBe(2 * length);
    expect(patterns.findIndex((pattern, index) => pattern !== data[length + index])).toBe(-1);
  });

  it('reads from more files than it keeps open', async () => {
    const paths = Array.from({ length: 80 }, (_, index) => `shard-${index}.safetensors`);
    const files = await Promise.all(
      paths.map((name, index) =>
        writeTensors(name, { x: { type: 'F32', shape: [1], data: Float32Array.of(index) } }),
      ),
    );
    const once = files.map((entries) => rows(entries, 'x', 0, 1)[0]);
    const again = files.map((entries) => rows(entries, 'x', 0, 1)[0]);
    expect([once, again]).toEqual([paths.map((_, index) => index), once]);
  });

  it.runIf(process.platform === 'linux')('keeps few files open, and none when closed', async () => {
    const openFiles = () => readdirSync('/proc/self/fd').length;
    for (let index = 0; index < 80; index++) {
      const data = Float32Array.of(index);
      const entries = await writeTensors(`open-${index}.safetensors`, {
        x: { type: 'F32', shape: [1], data },
      });
      rows(entries, 'x', 0, 1);
    }
    const during = openFiles();
    reader.close();
    expect(during - openFiles()).toBe(32);
  });

  it('says which tensor a file lacks that was cut short, or removed, after it was opened', async () => {
    const ones = { type: 'F32', shape: [4, 2], data: new Float32Array(8).fill(1) };
    const entries = await writeTensors('cut.safetensors', { first: ones, second: ones });
    const { path, offset } = entry(entries, 'second');
    await truncate(path, offset + 12);
    expect([...rows(entries, 'first', 0, 4)]).toEqual(Array(8).fill(1));
    expect([...rows(entries, 'second', 0, 1)]).toEqual([1, 1]);
    const [short] = problems(reader.readRows(entry(entries, 'second'), 1, 1));
    expect(short?.code).toBe('checkpoint-unreadable');
    expect(short?.message).toContain(`${path} ends before tensor "second" does`);

    await rm(path);
    const [gone] = problems(new TensorReader().readRows(entry(entries, 'first'), 0, 1));
    expect(gone?.code).toBe('checkpoint-unreadable');
    expect(gone?.message).toContain(`${path} does not exist`);
  });

  it('refuses number types that are no floats it knows, and rows beyond all memory', async () => {
    const entries = await writeTensors('foreign.safetensors', {
      packed: { type: 'F8_E4M3', shape: [2], data: Uint8Array.of(1, 2) },
    });
    const packed = entry(entries, 'packed');
    const [foreign] = problems(reader.readRows(packed, 0, 1));
    expect(foreign?.code).toBe('tensor-type');
    expect(foreign?.message).toContain(
      'holds "F8_E4M3" numbers, only F32, F16, BF16, F64 are read',
    );

    const absurd: TensorEntry = { ...packed, type: 'F32', shape: [1, 2 ** 40], length: 2 ** 42 };
    const [long] = problems(reader.readRows(absurd, 0, 1));
    expect(long?.code).toBe('memory-short');
    expect(long?.message).toContain('Tensor "packed"');
  });

  it('throws where its caller is mistaken', async () => {
    const entries = await writeTensors('mistakes.safetensors', {
      x: { type: 'F32', shape: [2, 2], data: new Float32Array(4) },
    });
    expect(() => reader.readRows(entry(entries, 'x'), 1, 2)).toThrow(RangeError);
    expect(() => reader.readRows(entry(entries, 'x'), -1, 1)).toThrow(RangeError);
    reader.close();
    reader.close();
    expect(() => reader.readRows(entry(entries, 'x'), 0, 1)).toThrow('after the reader was closed');
  });
});

interface Tensor {
  readonly type: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array | Uint16Array | Uint32Array | BigUint64Array | Float32Array;
}

type Entries = ReadonlyMap<string, TensorEntry>;

async function writeTensors(name: string, tensors: Record<string, Tensor>): Promise<Entries> {
  let end = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([key, { type: dtype, shape, data }]) => {
      const begin = end;
      end += data.byteLength;
      return [key, { dtype, shape, data_offsets: [begin, end] }];
    }),
  );
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const parts = Object.values(tensors).map(({ data }) => Buffer.from(data.buffer));
  const path = join(folder, name);
  await writeFile(path, Buffer.concat([length, text, ...parts]));
  const file = await readSafetensorsHeader(path);
  if (!file.ok) throw new Error(file.problems[0]?.message);
  return file.value.tensors;
}

function entry(entries: Entries, name: string): TensorEntry {
  return entries.get(name) as TensorEntry;
}

function rows(entries: Entries, name: string, first: number, count: number): Float32Array {
  const read = reader.readRows(entry(entries, name), first, count);
  if (!read.ok) throw new Error(read.problems[0]?.message);
  return read.value;
}

function problems(outcome: Outcome<Float32Array>) {
  return outcome.ok ? [] : outcome.problems;
}
