/** Built stages come whole or not at all, stay while they are used, and go when room is needed. */
import { spawnSync } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { cacheFolder } from './cache-folder.ts';
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

const codesOf = (outcome: Outcome<unknown>) =>
  outcome.ok ? [] : outcome.problems.map(({ code }) => code);

describe('whole or not at all', () => {
  test('an entry is there once it is complete', async () => {
    const cache = await open();
    const seen: unknown[] = [];
    const folder = valueOf(
      await build(cache, 'a', 100, async (building) => {
        await bytes(100)(building);
        seen.push(await cache.find('a'), (await cache.status()).entries);
        return ok(null);
      }),
    );
    expect(seen).toEqual([null, []]);
    expect(await cache.find('a')).toBe(folder);
    expect(await readdir(folder)).toEqual(['ready.bin', 'stage.json']);
    const { entries, totalBytes } = await cache.status();
    expect([entries[0]?.title, entries.length, totalBytes]).toEqual(['stage a', 1, 100]);
    // Another process finds it too.
    expect(await (await open()).find('a')).toBe(folder);
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
    expect(broken.ok ? '' : broken.problems[0]?.message).toContain('ENOSPC');
    expect(await names()).toEqual([]);
  });

  test('two who build the same at once both have it', async () => {
    const both = await Promise.all([open(), open()]);
    const folders = await Promise.all(both.map((cache) => build(cache, 'a')));
    expect(folders).toEqual([ok(join(root, 'stages', 'a')), ok(join(root, 'stages', 'a'))]);
    expect(await names()).toEqual(['a']);
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
    expect(await cache.find('a')).toBeNull();
    expect(await build(cache, 'a')).toEqual(ok(folder));
    expect(await cache.find('a')).toBe(folder);
    expect((await readFile(join(folder, 'ready.bin'))).length).toBe(100);
    expect(await names()).toEqual(['a']);
  });
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
    expect(await cache.find('a')).toBeNull();
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

test('the environment chooses folder and limit', () => {
  expect(cacheFolder({ PATCHBAY_CACHE: '/somewhere' })).toBe('/somewhere');
  expect(cacheFolder({ XDG_CACHE_HOME: '/x', LOCALAPPDATA: '/x' })).toMatch(/patchbay/i);
  const limits = ['2.5', '', 'much', '-1', '0'].map((limit) =>
    cacheLimitBytes({ PATCHBAY_CACHE_LIMIT_GB: limit }),
  );
  const standard = cacheLimitBytes({});
  expect(limits).toEqual([2.5 * 1024 ** 3, standard, standard, standard, standard]);
});
