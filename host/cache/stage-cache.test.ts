/** Built stages come whole or not at all, stay while they are used, and go when room is needed. */
import { spawnSync } from 'node:child_process';
import { existsSync, readlinkSync } from 'node:fs';
import {
  open as openFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import os from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { hashBlockBytes } from '../system/block-hashes.ts';
import { cacheFolder } from './cache-folder.ts';
import { SmallDisk } from './small-disk.testing.ts';
import { cacheLimitBytes, removeUnfinished, StageCache } from './stage-cache.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(os.tmpdir(), 'patchbay-cache-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const open = async (limitBytes?: number) => valueOf(await StageCache.open(root, limitBytes));
const names = async () => (await readdir(join(root, 'stages'))).toSorted();

/** Fills an entry with one file of so many bytes. */
const bytes = (size: number) => async (folder: string) => {
  await writeFile(join(folder, 'ready.bin'), Buffer.alloc(size, 1));
  return ok(null);
};

const build = (cache: StageCache, key: string, size = 100, fill = bytes(size)) =>
  cache.build(key, { title: `stage ${key}`, needBytes: size }, fill);

/** The folder of an entry that is there as it was written. */
async function found(cache: StageCache, key: string): Promise<string | null> {
  const entry = await cache.find(key);
  if (entry.state !== 'complete') return null;
  expect(await entry.check?.(() => true).finish()).toBeFalsy();
  return entry.folder;
}

const codesOf = (outcome: Outcome<unknown>) =>
  outcome.ok ? [] : outcome.problems.map(({ code }) => code);

describe('whole or not at all', () => {
  test('an entry is there once it is complete', async () => {
    const cache = await open();
    const seen: unknown[] = [];
    const folder = valueOf(
      await build(cache, 'a', 100, async (building) => {
        await bytes(100)(building);
        seen.push(await found(cache, 'a'), (await cache.status()).entries);
        return ok(null);
      }),
    );
    expect(seen).toEqual([null, []]);
    expect(await found(cache, 'a')).toBe(folder);
    expect(await readdir(folder)).toEqual(['ready.bin', 'stage.json']);
    const { entries, totalBytes } = await cache.status();
    expect([entries[0]?.title, entries.length, totalBytes]).toEqual(['stage a', 1, 100]);
    // Another process finds it too.
    expect(await found(await open(), 'a')).toBe(folder);
  });

  test('what fails, or breaks off, leaves nothing behind', async () => {
    const cache = await open();
    const cancelled = fail(error('run-cancelled', 'Stopped.'));
    expect(await build(cache, 'a', 100, () => Promise.resolve(cancelled))).toEqual(cancelled);
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const broken = await build(cache, 'b', 100, async (folder) => {
      await writeFile(join(folder, 'half.bin'), 'half');
      throw full;
    });
    expect(codesOf(broken)).toEqual(['cache-unwritable']);
    expect(broken.ok ? '' : broken.problems[0]?.message).toContain('the disk is full');
    expect(await names()).toEqual([]);
  });

  test('two who build the same at once both have it', async () => {
    const both = await Promise.all([open(), open()]);
    const folders = await Promise.all(both.map((cache) => build(cache, 'a')));
    expect(folders).toEqual([ok(join(root, 'stages', 'a')), ok(join(root, 'stages', 'a'))]);
    expect(await names()).toEqual(['a']);
  });

  test.for(['built', 'removed'])('an entry that another has %s between two looks', async (what) => {
    const [looker, other] = await Promise.all([open(), open()]);
    if (what === 'removed') {
      const folder = valueOf(await build(other, 'a'));
      await writeFile(join(folder, 'stage.json'), '');
    }
    const holds = looker.holds.bind(looker);
    vi.spyOn(looker, 'holds').mockImplementationOnce(async (key) => {
      if (what === 'built') await build(other, key);
      const isThere = await holds(key);
      if (what === 'removed') await other.remove(key);
      return isThere;
    });
    expect((await looker.find('a')).state).toBe(what === 'built' ? 'complete' : 'absent');
    expect(await names()).toEqual(what === 'built' ? ['a'] : []);
  });

  test.for([
    ['a file that was cut short', (entry: string) => truncate(join(entry, 'ready.bin'), 99)],
    ['a file that is missing', (entry: string) => rm(join(entry, 'ready.bin'))],
    [
      'no manifest, as after a removal that broke off',
      (entry: string) => rm(join(entry, 'stage.json')),
    ],
    ['an empty manifest', (entry: string) => writeFile(join(entry, 'stage.json'), '')],
    ['a manifest of something else', (entry: string) => writeFile(join(entry, 'stage.json'), '{}')],
  ] as const)('an entry with %s is built anew', async ([, damage]) => {
    const folder = valueOf(await build(await open(), 'a'));
    await damage(folder);
    const cache = await open();
    expect((await cache.find('a')).state).toBe('damaged');
    expect((await cache.find('a')).state).toBe('absent');
    expect(await build(cache, 'a')).toEqual(ok(folder));
    expect(await found(cache, 'a')).toBe(folder);
    expect((await readFile(join(folder, 'ready.bin'))).length).toBe(100);
    expect(await names()).toEqual(['a']);
  });
});

/** An entry of a graph, weights in several blocks and their manifest. */
async function buildLarge(cache: StageCache): Promise<string> {
  const folder = await build(cache, 'a', 100, async (building) => {
    await writeFile(join(building, 'ready.onnx'), 'graph');
    await writeFile(join(building, 'ready.bin'), Buffer.alloc(hashBlockBytes * 5, 7));
    return ok(null);
  });
  return valueOf(folder);
}

async function flipBit(path: string, at: number): Promise<void> {
  const file = await openFile(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  await file.write(Buffer.of((byte[0] as number) ^ 16), 0, 1, at);
  await file.close();
}

describe('as it was written', () => {
  test.for([
    ['ready.onnx', 0],
    ['ready.onnx', 4],
    ['ready.bin', 0],
    ['ready.bin', hashBlockBytes * 3 - 1],
    ['ready.bin', hashBlockBytes * 5 - 1],
  ] as const)('a bit of %s flipped at %d is a flaw that the check names', async ([name, at]) => {
    const folder = await buildLarge(await open());
    await flipBit(join(folder, name), at);
    const entry = await (await open()).find('a');
    if (entry.state !== 'complete') throw new Error('Sizes are as they were.');
    expect(await entry.check?.((file) => file !== name).finish()).toBeNull();
    expect(await entry.check?.((file) => file === name).finish()).toEqual({
      what: `${name} is not what was written`,
    });
  });

  test('any bit of the manifest flipped makes the whole entry damaged', async () => {
    const path = join(valueOf(await build(await open(), 'a')), 'stage.json');
    const { size } = await stat(path);
    const states: string[] = [];
    for (let at = 0; at < size; at += 5) {
      const cache = await open();
      await build(cache, 'a');
      await flipBit(path, at);
      states.push((await cache.find('a')).state);
    }
    expect(new Set(states)).toEqual(new Set(['damaged']));
  });

  test('an entry is checked once a start, and not by who built it', async () => {
    const checks: boolean[] = [];
    const look = async (cache: StageCache) => {
      const entry = await cache.find('a');
      checks.push(entry.state === 'complete' && entry.check !== null);
    };
    const builder = await open();
    await buildLarge(builder);
    await look(builder);
    const reader = await open();
    await look(reader);
    reader.trust('a');
    await look(reader);
    await reader.remove('a');
    await buildLarge(await open());
    await look(reader);
    expect(checks).toEqual([false, true, false, true]);
  });

  test('an entry that someone takes away while it is checked is gone, and no flaw is told', async () => {
    await buildLarge(await open());
    const entry = await (await open()).find('a');
    if (entry.state !== 'complete') throw new Error('It was built.');
    await (await open()).remove('a');
    expect(await entry.check?.(() => true).finish()).toBe('gone');
  });

  test.skipIf(process.platform !== 'linux')(
    'all of an entry is on the disk before it has its name, and the name before it is used',
    async () => {
      const synced: string[] = [];
      const entry = join(root, 'stages', 'a');
      const handle = await openFile(root, 'r');
      const prototype = Object.getPrototypeOf(handle) as FileHandle;
      await handle.close();
      const sync = vi.spyOn(prototype, 'sync').mockImplementation(function (this: FileHandle) {
        const path = readlinkSync(`/proc/self/fd/${this.fd}`);
        const isNamed = existsSync(entry);
        synced.push(
          `${basename(path).replace(/^building-.*/, 'entry')}${isNamed ? ', named' : ''}`,
        );
        return Promise.resolve();
      });
      await buildLarge(await open());
      sync.mockRestore();
      expect(synced.toSorted()).toEqual([
        'entry',
        'ready.bin',
        'ready.onnx',
        'stage.json',
        'stages, named',
      ]);
    },
  );
});

describe('room', () => {
  /** Entries of 300 bytes, last used one second after the other. */
  async function fill(cache: StageCache, ...keys: readonly string[]) {
    for (const [index, key] of keys.entries()) {
      const folder = valueOf(await build(cache, key, 300));
      const used = new Date(Date.now() - 60_000 + 1000 * index);
      await utimes(join(folder, 'stage.json'), used, used);
    }
  }

  test('the least recently used go, as many as it takes', async () => {
    await fill(await open(), 'a', 'b', 'c');
    const cache = await open(1000);
    await cache.find('a');
    cache.unpin();
    const { entries } = await cache.status();
    expect(entries.map(({ key }) => key)).toEqual(['a', 'c', 'b']);
    valueOf(await build(cache, 'd', 300));
    expect(await names()).toEqual(['a', 'c', 'd']);
    cache.unpin();
    valueOf(await build(cache, 'e', 650));
    expect(await names()).toEqual(['d', 'e']);
  });

  test('what is in use stays, even where the limit is passed', async () => {
    await fill(await open(), 'a', 'b', 'c');
    const cache = await open(1000);
    await cache.find('a');
    await cache.find('b');
    valueOf(await build(cache, 'd', 900));
    expect(await names()).toEqual(['a', 'b', 'd']);
    cache.unpin();
    valueOf(await build(cache, 'e', 100));
    expect(await names()).toEqual(['d', 'e']);
  });

  test('entries that another version wrote are counted, and go like all others', async () => {
    await fill(await open(), 'a', 'b');
    await writeFile(join(root, 'stages', 'a', 'stage.json'), '{"title":"old","files":{}}');
    const cache = await open(1000);
    const { entries } = await cache.status();
    expect(entries.map(({ key, sizeBytes }) => [key, sizeBytes])).toEqual([
      ['a', 326],
      ['b', 300],
    ]);
    valueOf(await build(cache, 'c', 800));
    expect(await names()).toEqual(['c']);
  });

  test('what the disk can never hold is refused, and nothing goes for it', async () => {
    const cache = await open();
    await fill(cache, 'a', 'b');
    cache.unpin();
    const refused = await cache.build('x', { title: 'x', needBytes: 1e18 }, bytes(1));
    expect(codesOf(refused)).toEqual(['cache-unwritable']);
    expect(await names()).toEqual(['a', 'b']);
    expect(await cache.clear()).toBe(600);
    expect(await names()).toEqual([]);
  });

  test('a cache that was removed as a whole is simply empty', async () => {
    const cache = await open();
    await build(cache, 'a');
    await rm(root, { recursive: true });
    expect(await found(cache, 'a')).toBeNull();
    expect((await cache.status()).entries).toEqual([]);
    expect(await cache.clear()).toBe(0);
    expect(await build(cache, 'a')).toEqual(ok(join(root, 'stages', 'a')));
  });
});

describe('other processes', () => {
  test('what the dead left half-built is swept away, what the living build is not', async () => {
    const { pid: dead } = spawnSync(process.execPath, ['--version']);
    const stages = join(root, 'stages');
    const unfinished = [`building-${dead}-1a2b`, `building-${process.pid}-3c4d`, 'building-1-5e6f'];
    for (const name of [...unfinished, 'not-ours']) {
      await mkdir(join(stages, name), { recursive: true });
      await writeFile(join(stages, name, 'weights.bin'), 'half');
    }
    const cache = await open();
    expect(await names()).toEqual([...unfinished.slice(1), 'not-ours'].toSorted());
    expect((await cache.status()).entries).toEqual([]);

    // Once a process is known to have been killed, its own are removed and nobody else's.
    await removeUnfinished(root, process.pid);
    expect(await names()).toEqual(['building-1-5e6f', 'not-ours']);
    await removeUnfinished(join(root, 'nowhere'), process.pid);
  });

  test('a folder that cannot be written is a problem', async () => {
    const file = join(root, 'file');
    await writeFile(file, '');
    const outcome = await StageCache.open(join(file, 'cache'));
    expect(codesOf(outcome)).toEqual(['cache-unwritable']);
    expect(outcome.ok ? '' : outcome.problems[0]?.message).toContain('PATCHBAY_CACHE');
  });
});

const disk = SmallDisk.mount(4 * 2 ** 20);
afterAll(() => disk?.unmount());

test.skipIf(disk === null)(
  'a disk that is full when only the manifest is missing leaves no entry, and the others as they were',
  async () => {
    root = join(disk?.folder ?? '', 'cache');
    const cache = await open();
    await build(cache, 'a');
    const outcome = await build(cache, 'b', 100, async (folder) => {
      await bytes(100)(folder);
      disk?.fill();
      return ok(null);
    });
    expect(codesOf(outcome)).toEqual(['cache-unwritable']);
    expect(await names()).toEqual(['a']);
    // While it is full, what there is serves.
    expect(await found(await open(), 'a')).toBe(join(root, 'stages', 'a'));
    disk?.relieve();
    expect(await build(cache, 'b')).toEqual(ok(join(root, 'stages', 'b')));
  },
);

test('the environment chooses folder and limit', () => {
  expect(cacheFolder({ PATCHBAY_CACHE: '/somewhere' })).toBe('/somewhere');
  expect(cacheFolder({ XDG_CACHE_HOME: '/x', LOCALAPPDATA: '/x' })).toMatch(/patchbay/i);
  const limits = ['2.5', '', 'much', '-1', '0'].map((limit) =>
    cacheLimitBytes({ PATCHBAY_CACHE_LIMIT_GB: limit }),
  );
  const standard = cacheLimitBytes({});
  expect(limits).toEqual([2.5 * 1024 ** 3, standard, standard, standard, standard]);
});
