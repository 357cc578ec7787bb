import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '#engine/contract/outcome.ts';
import { readSafetensorsHeader, type SafetensorsFile } from './safetensors.ts';
import { readableTypes, rowsOf, TensorReader } from './tensor-reader.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

const good = {
  __metadata__: { format: 'pt', note: '{"[[[[": [1, 2]}' },
  'layer.weight': { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
  'layer.bias': { dtype: 'BF16', shape: [2], data_offsets: [24, 28] },
  scale: { dtype: 'F64', shape: [], data_offsets: [28, 36] },
  nothing: { dtype: 'F32', shape: [0, 4], data_offsets: [4, 4] },
  exotic: { dtype: 'F4', shape: [4], data_offsets: [36, 38] },
};
const goodData = Buffer.alloc(38);

describe('a sound file', () => {
  it('lists every tensor with its place in the file', async () => {
    const path = await write('good.safetensors', safetensors(good, goodData));
    const { tensors, metadata } = value(await readSafetensorsHeader(path));
    const start = 8 + Buffer.byteLength(JSON.stringify(good));
    const at = (offset: number, length: number) => ({ path, offset: start + offset, length });
    expect(metadata).toEqual(good.__metadata__);
    expect([...tensors.values()]).toEqual([
      { name: 'layer.weight', type: 'F32', shape: [2, 3], ...at(0, 24) },
      { name: 'layer.bias', type: 'BF16', shape: [2], ...at(24, 4) },
      { name: 'scale', type: 'F64', shape: [], ...at(28, 8) },
      { name: 'nothing', type: 'F32', shape: [0, 4], ...at(4, 0) },
      { name: 'exotic', type: 'F4', shape: [4], ...at(36, 2) },
    ]);
  });

  it('takes padded headers, and bytes that no tensor claims', async () => {
    const header = `  ${JSON.stringify(good)}     `;
    const path = await write('padded.safetensors', safetensors(header, Buffer.alloc(100)));
    expect(value(await readSafetensorsHeader(path)).tensors.size).toBe(5);
  });

  it('keeps tensors whose names mean something to JavaScript', async () => {
    const entry = '{"dtype":"U8","shape":[1],"data_offsets":[0,1]}';
    const header = `{"__proto__":${entry},"constructor":{"dtype":"toString","shape":[9],"data_offsets":[1,2]}}`;
    const path = await write('names.safetensors', safetensors(header, Buffer.alloc(2)));
    const { tensors } = value(await readSafetensorsHeader(path));
    expect([...tensors].map(([name, { type }]) => [name, type])).toEqual([
      ['__proto__', 'U8'],
      ['constructor', 'toString'],
    ]);
  });
});

const tensor = (change: object) => ({
  'layer.weight': { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24], ...change },
});

const hostile: readonly {
  readonly story: string;
  readonly bytes: Uint8Array;
  readonly says: string;
}[] = [
  {
    story: 'is empty',
    bytes: Buffer.alloc(0),
    says: 'has 0 bytes, a safetensors file begins with 8',
  },
  { story: 'is shorter than its length field', bytes: Buffer.alloc(7), says: 'has 7 bytes' },
  {
    story: 'is a Git LFS pointer',
    bytes: Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n'),
    says: 'is a Git LFS pointer in place of the weights; fetch the file with "git lfs pull"',
  },
  {
    story: 'claims a header longer than itself',
    bytes: Buffer.concat([lengthField(3n), Buffer.from('{}')]),
    says: 'claims a header of 3 bytes but has only 2 more',
  },
  {
    story: 'claims the longest header there can be',
    bytes: Buffer.concat([lengthField(2n ** 64n - 1n), Buffer.from('{}')]),
    says: 'claims a header of 18446744073709551615 bytes but has only 2 more',
  },
  { story: 'has no header', bytes: safetensors(''), says: 'has a header that is not JSON' },
  {
    story: 'has bytes that are no text',
    bytes: safetensors(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])),
    says: 'has a header that is not UTF-8 text',
  },
  { story: 'has half a header', bytes: safetensors('{"a":'), says: 'is not JSON' },
  { story: 'has a list for a header', bytes: safetensors('[]'), says: 'is not a JSON object' },
  {
    story: 'hides a list in a list in a list',
    bytes: safetensors(`{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`),
    says: 'nests values more than 3 deep',
  },
  {
    story: 'lists millions of nothings',
    bytes: safetensors(`{"a":[${'0,'.repeat(2 ** 21)}0]}`),
    says: 'holds more than 2097152 values',
  },
  {
    story: 'has fields without end',
    bytes: safetensors(numbered(2 ** 19 + 2 ** 12 + 2, 0)),
    says: 'holds more than 528385 fields',
  },
  {
    story: 'lists more tensors than any model has',
    bytes: safetensors(manyTensors(2 ** 17 + 1)),
    says: 'lists 131073 tensors, over 131072',
  },
  {
    story: 'has metadata that is no object',
    bytes: safetensors({ __metadata__: ['pt'] }),
    says: 'has __metadata__ that is not an object',
  },
  {
    story: 'has metadata that is no text',
    bytes: safetensors({ __metadata__: { format: 'pt', epoch: 3 } }),
    says: 'has __metadata__ whose "epoch" is not text',
  },
  {
    story: 'has metadata without end',
    bytes: safetensors({ __metadata__: numbered(2 ** 12 + 1, 'x') }),
    says: 'has 4097 entries of __metadata__, over 4096',
  },
  {
    story: 'has a tensor that is null',
    bytes: safetensors({ 'layer.weight': null }),
    says: 'tensor "layer.weight" is not described by an object',
  },
  {
    story: 'has a tensor without a type',
    bytes: safetensors(tensor({ dtype: 7 })),
    says: 'tensor "layer.weight" has no readable dtype',
  },
  {
    story: 'has a number type as long as a novel',
    bytes: safetensors(tensor({ dtype: 'F'.repeat(33) })),
    says: 'tensor "layer.weight" has no readable dtype',
  },
  {
    story: 'has a tensor name as long as a novel',
    bytes: safetensors({ ['a'.repeat(1025)]: {} }),
    says: `tensor "${'a'.repeat(120)}…" has a name of 1025 characters, over 1024`,
  },
  ...[[2.5, 3], [-2, 3], ['2', 3], 6, null, [2 ** 53, 1]].map((shape) => ({
    story: `has the shape ${JSON.stringify(shape)}`,
    bytes: safetensors(tensor({ shape }), Buffer.alloc(24)),
    says: 'tensor "layer.weight" has a shape that is not a list of whole numbers',
  })),
  {
    story: 'has a tensor of 17 dimensions',
    bytes: safetensors(tensor({ shape: Array(17).fill(1) })),
    says: 'tensor "layer.weight" has 17 dimensions, over 16',
  },
  {
    story: 'has an endless dimension',
    bytes: safetensors(tensor({ shape: [0, 2 ** 41], data_offsets: [0, 0] })),
    says: 'tensor "layer.weight" has a dimension of 2199023255552, over 1099511627776',
  },
  ...[[0], [0, 24, 48], [0, '24'], [-24, 0], [0.5, 24.5], { begin: 0 }].map((range) => ({
    story: `has the data_offsets ${JSON.stringify(range)}`,
    bytes: safetensors(tensor({ data_offsets: range }), Buffer.alloc(24)),
    says: 'tensor "layer.weight" has data_offsets that are not two numbers',
  })),
  {
    story: 'has a tensor that ends before it begins',
    bytes: safetensors(tensor({ data_offsets: [24, 0] }), Buffer.alloc(24)),
    says: 'tensor "layer.weight" has data_offsets that end (0) before they begin (24)',
  },
  {
    story: 'has fewer bytes than its shape takes',
    bytes: safetensors(tensor({ data_offsets: [0, 20] }), Buffer.alloc(24)),
    says: 'tensor "layer.weight" has 20 bytes, but F32 of shape [2, 3] takes 24',
  },
  {
    story: 'has more bytes than its shape takes',
    bytes: safetensors(tensor({ shape: [2, 2] }), Buffer.alloc(24)),
    says: 'tensor "layer.weight" has 24 bytes, but F32 of shape [2, 2] takes 16',
  },
  {
    story: 'has a shape whose size overflows to its length',
    bytes: safetensors(tensor({ shape: [2 ** 32, 2 ** 32], data_offsets: [0, 0] })),
    says: 'has 0 bytes, but F32 of shape [4294967296, 4294967296] takes',
  },
  {
    story: 'has a tensor beyond its end',
    bytes: safetensors(tensor({}), Buffer.alloc(23)),
    says: 'is truncated: tensor "layer.weight" ends at byte 100, but the file has only 99 bytes',
  },
  {
    story: 'has a tensor beyond every end',
    bytes: safetensors(tensor({ dtype: 'F4', data_offsets: [0, Number.MAX_SAFE_INTEGER] })),
    says: 'is truncated: tensor "layer.weight" ends at byte 90071992547',
  },
  {
    story: 'has tensors that share bytes',
    bytes: safetensors(
      {
        outer: { dtype: 'U8', shape: [20], data_offsets: [0, 20] },
        later: { dtype: 'U8', shape: [4], data_offsets: [20, 24] },
        inner: { dtype: 'U8', shape: [2], data_offsets: [8, 10] },
      },
      Buffer.alloc(24),
    ),
    says: 'is broken: tensors "outer" and "inner" share bytes; download the file again.',
  },
];

describe('a file that', () => {
  it.each(hostile)('$story is refused', async ({ bytes, says }) => {
    const path = await write('hostile.safetensors', bytes);
    const [problem, ...others] = problems(await readSafetensorsHeader(path));
    expect(others).toEqual([]);
    expect(problem?.code).toBe('checkpoint-broken');
    expect(problem?.message).toContain(says);
    expect(problem?.message.startsWith(`${path} `)).toBe(true);
  });

  it('claims a header over the limit of the format is refused unread', async () => {
    const path = await write('huge.safetensors', lengthField(100_000_001n));
    await truncate(path, 200_000_000);
    expect(problems(await readSafetensorsHeader(path))).toEqual([
      {
        code: 'checkpoint-broken',
        severity: 'error',
        message: `${path} claims a header of 100000001 bytes, the format allows 100000000; download the file again.`,
      },
    ]);
  });

  it.each([
    ['does not exist', 'missing.safetensors', 'does not exist'],
    ['is a folder', '.', 'is a folder or a device'],
    ['has an impossible name', 'nul\0.safetensors', 'cannot be read (ERR_INVALID_ARG_VALUE)'],
  ])('%s is unreadable', async (_, name, says) => {
    const [problem] = problems(await readSafetensorsHeader(join(folder, name)));
    expect(problem).toMatchObject({ code: 'checkpoint-unreadable' });
    expect(problem?.message).toContain(says);
  });
});

describe('tensors that can be read, or a problem, and never a throw', () => {
  it('come of any bytes at all', async () => {
    const noise = fc.uint8Array({ maxLength: 200 });
    const framed = fc
      .uint8Array({ maxLength: 200 })
      .map((bytes) => safetensors(Buffer.from(bytes)));
    await fc.assert(fc.asyncProperty(fc.oneof(noise, framed), readsOrRefuses), { numRuns: 300 });
  });

  it('come of a well-formed header with foreign values in it', async () => {
    const number = fc.oneof(fc.nat(48), fc.maxSafeInteger(), fc.double(), fc.jsonValue());
    const entry = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom('F32', 'F16', 'BF16', 'F64', 'F4', 'I8'), fc.string()),
        shape: fc.oneof(fc.array(number, { maxLength: 4 }), fc.jsonValue()),
        data_offsets: fc.oneof(fc.tuple(number, number), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const header = fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue()));
    const file = header.map((object) => safetensors(object, Buffer.alloc(48)));
    await fc.assert(fc.asyncProperty(file, readsOrRefuses), { numRuns: 300 });
  });

  it('come of a sound file with some bytes changed and its end cut off', async () => {
    const sound = safetensors(good, goodData);
    const digits = fc.constantFrom(...Buffer.from('0123456789-.eE[]{}",: '));
    const change = fc.tuple(fc.nat(sound.length - 1), fc.oneof(digits, fc.nat(255)));
    const file = fc
      .tuple(fc.array(change, { maxLength: 4 }), fc.option(fc.nat(sound.length)))
      .map(([changes, end]) => {
        const bytes = Buffer.from(sound);
        for (const [index, byte] of changes) bytes[index] = byte;
        return bytes.subarray(0, end ?? undefined);
      });
    await fc.assert(fc.asyncProperty(file, readsOrRefuses), { numRuns: 500 });
  });
});

/** What is accepted lies inside the file and can be read to its last row. */
async function readsOrRefuses(bytes: Uint8Array): Promise<void> {
  const path = await write('any.safetensors', bytes);
  const outcome = await readSafetensorsHeader(path);
  if (!outcome.ok) {
    expect(outcome.problems.map(({ code }) => code)).toEqual(['checkpoint-broken']);
    return;
  }
  const reader = new TensorReader();
  for (const entry of outcome.value.tensors.values()) {
    expect(entry.offset + entry.length).toBeLessThanOrEqual(bytes.length);
    const read = reader.readRows(entry, 0, rowsOf(entry.shape).count);
    expect(read.ok).toBe(readableTypes.has(entry.type));
  }
  reader.close();
}

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

function safetensors(header: object | string | Buffer, data = Buffer.alloc(0)): Buffer {
  const isText = typeof header === 'string' || Buffer.isBuffer(header);
  const bytes = Buffer.from(isText ? header : JSON.stringify(header));
  return Buffer.concat([lengthField(BigInt(bytes.length)), bytes, data]);
}

function lengthField(length: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(length);
  return bytes;
}

function numbered<Item>(count: number, item: Item): Record<string, Item> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, item]));
}

function manyTensors(count: number): object {
  return numbered(count, { dtype: 'U8', shape: [0], data_offsets: [0, 0] });
}

function value(outcome: Outcome<SafetensorsFile>): SafetensorsFile {
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
  return outcome.value;
}

function problems(outcome: Outcome<SafetensorsFile>) {
  return outcome.ok ? [] : outcome.problems;
}
