import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '#engine/contract/outcome.ts';
import { openCheckpoint, type Checkpoint } from './checkpoint.ts';
import { TensorReader } from './tensor-reader.ts';

const indexName = 'model.safetensors.index.json';
const [shardOne, shardTwo] = [
  'model-00001-of-00002.safetensors',
  'model-00002-of-00002.safetensors',
];

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a checkpoint folder', () => {
  it('with an index gives the listed tensors of every shard', async () => {
    await writeShards();
    await write('model.safetensors', safetensors({ stale: 9 }));
    const { tensors, ...rest } = value(await openCheckpoint(folder));
    expect(rest.folder).toBe(folder);
    expect([...rest.files.keys()].toSorted()).toEqual(
      [shardOne, shardTwo].map((name) => join(folder, name)),
    );
    expect(readAll(tensors)).toEqual({ embed: 1, 'layer.0': 2, head: 3 });
  });

  it.each([
    ['model.safetensors before any other', ['adapter.safetensors', 'model.safetensors'], 1],
    ['the only safetensors file', ['adapter.safetensors', 'pytorch_model.bin', 'config.json'], 0],
    ['the only one that is not hidden', ['tower.safetensors', '._tower.safetensors'], 0],
  ])('without an index opens %s', async (_, names, chosen) => {
    for (const [index, name] of names.entries()) await write(name, safetensors({ x: index }));
    expect(readAll(value(await openCheckpoint(folder)).tensors)).toEqual({ x: chosen });
  });

  it('may hold links into a cache', async () => {
    await mkdir(join(folder, 'blobs'));
    await mkdir(join(folder, 'snapshot'));
    await write('blobs/0123abcd', safetensors({ x: 5 }));
    await symlink('../blobs/0123abcd', join(folder, 'snapshot', 'model.safetensors'));
    const { tensors } = value(await openCheckpoint(join(folder, 'snapshot')));
    expect(readAll(tensors)).toEqual({ x: 5 });

    await rm(join(folder, 'blobs', '0123abcd'));
    const [problem] = problems(await openCheckpoint(join(folder, 'snapshot')));
    expect(problem?.code).toBe('checkpoint-unreadable');
    expect(problem?.message).toContain('is a link to a file that does not');
  });
});

const unreadable = 'checkpoint-unreadable';
const broken = 'checkpoint-broken';
const lookedFor = `holds neither ${indexName} nor model.safetensors`;

describe('a folder', () => {
  it.each<[string, Record<string, string | Buffer>, string, string]>([
    ['that is empty', {}, unreadable, `${lookedFor} nor any other *.safetensors file; choose`],
    [
      'of PyTorch weights',
      { 'pytorch_model.bin': '', 'config.json': '{}' },
      unreadable,
      `${lookedFor} nor any other *.safetensors file. It holds "pytorch_model.bin", which is not read; convert it to safetensors`,
    ],
    [
      'of sharded PyTorch weights',
      Object.fromEntries([1, 2, 3, 4].map((n) => [`pytorch_model-0000${n}-of-00004.bin`, ''])),
      unreadable,
      'It holds "pytorch_model-00001-of-00004.bin", "pytorch_model-00002-of-00004.bin", "pytorch_model-00003-of-00004.bin", ..., which is not read',
    ],
    ['of a GGUF file', { 'phi-2.Q4_K_M.gguf': '' }, unreadable, 'It holds "phi-2.Q4_K_M.gguf"'],
    [
      'of several safetensors files that nothing joins',
      { 'a.safetensors': '', 'b.safetensors': '' },
      unreadable,
      `${lookedFor}, but 2 other *.safetensors files ("a.safetensors", "b.safetensors"); keep one`,
    ],
    ['of a broken file', { 'model.safetensors': 'oops' }, broken, 'has 4 bytes'],
    ['with half an index', { [indexName]: '{"weight_map": {' }, broken, 'is not JSON'],
    ['with a list for an index', { [indexName]: '[]' }, broken, 'is not a JSON object'],
    ['with no weight_map', { [indexName]: '{"metadata": {}}' }, broken, 'has no weight_map'],
    ['with an empty weight_map', { [indexName]: '{"weight_map": {}}' }, broken, 'lists no tensors'],
    [
      'with an index of endless lists',
      { [indexName]: `{"weight_map": ${'['.repeat(1e5)}` },
      broken,
      'nests values more than 8 deep',
    ],
    [
      'with an index of endless entries',
      { [indexName]: `{"weight_map": [${'0,'.repeat(2 ** 20)}0]}` },
      broken,
      'holds more than 1048576 values',
    ],
    [
      'with an index of endless files',
      { [indexName]: indexOf(Array.from({ length: 4097 }, (_, n) => `${n}.safetensors`)) },
      broken,
      'lists 4097 files, over 4096',
    ],
    [
      'with an index of an endless name',
      { [indexName]: JSON.stringify({ weight_map: { ['a'.repeat(1025)]: shardOne } }) },
      broken,
      'of 1025 characters, over 1024',
    ],
    [
      'with an index that lists files which are not there',
      { [indexName]: indexOf(['a.safetensors', 'b.safetensors']), 'a.safetensors': '' },
      unreadable,
      `lacks 1 of 2 files that ${indexName} lists ("b.safetensors"); download`,
    ],
    ...[
      '../model.safetensors',
      '/etc/model.safetensors',
      'deeper/model.safetensors',
      '..\\model.safetensors',
      'C:model.safetensors',
      'model.safetensors\0',
      'nul\0.safetensors',
      '..',
      'model..safetensors',
      '',
      'pytorch_model.bin',
      `${'a'.repeat(244)}.safetensors`,
    ].map((shard): [string, Record<string, string>, string, string] => [
      `with an index that points to ${JSON.stringify(shard.slice(0, 40))}`,
      { [indexName]: indexOf([shard]) },
      broken,
      'puts tensor "t0" into "',
    ]),
    [
      'with an index that points to a number',
      { [indexName]: '{"weight_map": {"t0": 7}}' },
      broken,
      'puts tensor "t0" into a number, which is not the plain name of a *.safetensors file',
    ],
  ])('%s is refused', async (_, files, code, says) => {
    for (const [name, content] of Object.entries(files)) await write(name, content);
    const [problem, ...others] = problems(await openCheckpoint(folder));
    expect(others).toEqual([]);
    expect(problem?.code).toBe(code);
    expect(problem?.message).toContain(says);
    expect(problem?.message).toContain(folder);
  });

  it('whose index is larger than any is refused unread', async () => {
    await write(indexName, '');
    await truncate(join(folder, indexName), 100_000_001);
    const [problem] = problems(await openCheckpoint(folder));
    expect(problem?.code).toBe(broken);
    expect(problem?.message).toContain('has 100000001 bytes, over 100000000');
  });

  it.each([
    ['does not exist', 'missing', 'does not exist'],
    ['is a file', 'model.safetensors', 'is not a folder; choose the folder that holds the model'],
    ['has an impossible name', 'nul\0', 'cannot be read (ERR_INVALID_ARG_VALUE)'],
  ])('that %s is unreadable', async (_, name, says) => {
    await write('model.safetensors', safetensors({ x: 1 }));
    const [problem] = problems(await openCheckpoint(join(folder, name)));
    expect(problem?.code).toBe(unreadable);
    expect(problem?.message).toContain(says);
  });

  it('whose shards lack what the index lists names each tensor and its shard', async () => {
    await writeShards();
    await write(shardOne, safetensors({ embed: 1 }));
    await truncate(join(folder, shardTwo), 70);
    const found = problems(await openCheckpoint(folder));
    expect(found.map(({ code }) => code)).toEqual([broken, broken]);
    expect(found[1]?.message).toContain(`${shardOne} lacks tensor "layer.0", which ${indexName}`);
    expect(found[0]?.message).toContain(`${shardTwo} is truncated`);
  });

  it('never makes the reader throw, whatever its index says', async () => {
    await write(shardOne, safetensors({ embed: 1 }));
    const shard = fc.oneof(fc.constant(shardOne), fc.string(), fc.jsonValue());
    const map = fc.oneof(fc.dictionary(fc.string(), shard), fc.jsonValue());
    const index = fc.oneof(
      fc.record({ weight_map: map }).map((object) => JSON.stringify(object)),
      fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    );
    const opensOrRefuses = async (content: string | Buffer) => {
      await write(indexName, content);
      for (const { code } of problems(await openCheckpoint(folder))) {
        expect([unreadable, broken]).toContain(code);
      }
    };
    await fc.assert(fc.asyncProperty(index, opensOrRefuses), { numRuns: 300 });
  });
});

async function writeShards(): Promise<void> {
  await write(shardOne, safetensors({ embed: 1, 'layer.0': 2, unlisted: 8 }));
  await write(shardTwo, safetensors({ head: 3, embed: 7 }));
  const map = { head: shardTwo, embed: shardOne, 'layer.0': shardOne };
  await write(indexName, JSON.stringify({ metadata: { total_size: 12 }, weight_map: map }));
}

async function write(name: string, content: string | Buffer): Promise<void> {
  await writeFile(join(folder, name), content);
}

/** A file of float32 tensors of one number each. */
function safetensors(numbers: Readonly<Record<string, number>>): Buffer {
  const header = Object.keys(numbers).map((name, index) => [
    name,
    { dtype: 'F32', shape: [1], data_offsets: [index * 4, index * 4 + 4] },
  ]);
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const data = Float32Array.from(Object.values(numbers));
  return Buffer.concat([length, text, Buffer.from(data.buffer)]);
}

function indexOf(shards: readonly string[]): string {
  const map = Object.fromEntries(shards.map((shard, index) => [`t${index}`, shard]));
  return JSON.stringify({ weight_map: map });
}

function readAll(tensors: Checkpoint['tensors']): Record<string, number | undefined> {
  const reader = new TensorReader();
  const read = [...tensors.values()].map((entry) => {
    const rows = reader.readRows(entry, 0, 1);
    return [entry.name, rows.ok ? rows.value[0] : undefined] as const;
  });
  reader.close();
  return Object.fromEntries(read);
}

function value(outcome: Outcome<Checkpoint>): Checkpoint {
  if (!outcome.ok) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
  return outcome.value;
}

function problems(outcome: Outcome<Checkpoint>) {
  return outcome.ok ? [] : outcome.problems;
}
