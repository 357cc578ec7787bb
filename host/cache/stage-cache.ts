/**
 * Built stages on disk, keyed by their content: two graphs with the same encoder share one entry.
 * Entries appear whole or not at all; the least recently used go when the cache outgrows its limit.
 */
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { CacheEntry, CacheStatus } from '#engine/contract/cache-status.ts';
import { formatBytes } from '#engine/contract/format.ts';
import { isAlive } from '../system/is-alive.ts';
import { makePrivateFolder } from '../system/private-folder.ts';
import { writeReason } from '../system/write-reason.ts';
import { freeBytes } from './disk-room.ts';
import {
  describeFolder,
  FileCheck,
  findMisshapen,
  manifestName,
  manifestText,
  readManifest,
  type Flaw,
  type Manifest,
} from './manifest.ts';
import { syncFile, syncFolder } from '../system/sync-to-disk.ts';

const defaultLimitBytes = 32 * 1024 ** 3;
const buildingPrefix = 'building-';

const absent = { state: 'absent' } as const;

/** What became of an entry that was asked for. */
export type Found =
  | { readonly state: 'complete'; readonly folder: string; readonly check: CheckFiles | null }
  /** It has been removed. */
  | { readonly state: 'damaged'; readonly what: string }
  | { readonly state: 'absent' };

/** Begins to compare the files of these names with what was written. */
export type CheckFiles = (isMeant: (name: string) => boolean) => FileCheck;

export function cacheLimitBytes(environment: NodeJS.ProcessEnv = process.env): number {
  const gigabytes = Number(environment['PATCHBAY_CACHE_LIMIT_GB']);
  return gigabytes > 0 ? gigabytes * 1024 ** 3 : defaultLimitBytes;
}

export class StageCache {
  readonly root: string;
  readonly folder: string;
  readonly #limitBytes: number;
  /** Entries that a present run uses are not removed. */
  readonly #pinned = new Set<string>();
  /** Entries whose files were what they should be when this process looked. */
  readonly #sound = new Set<string>();

  private constructor(root: string, limitBytes: number) {
    this.root = root;
    this.folder = join(root, 'stages');
    this.#limitBytes = limitBytes;
  }

  /**
   * Makes the folder where it is missing and removes what processes that died left half-built. What lies in
   * a folder that cannot be written can be used all the same.
   */
  static async open(root: string, limitBytes = cacheLimitBytes()): Promise<Outcome<StageCache>> {
    const cache = new StageCache(root, limitBytes);
    try {
      await makePrivateFolder(cache.folder);
    } catch (cause) {
      return unwritable(cache.folder, cause);
    }
    await cache.#sweep().catch(() => undefined);
    return ok(cache);
  }

  /**
   * An entry that was completed once, now the most recently used. `check` is null for one that this process
   * has checked already; where that finds a flaw, `remove` is the caller's.
   */
  async find(key: string): Promise<Found> {
    const folder = join(this.folder, key);
    const manifest = await this.#manifestOf(key);
    if (manifest === 'absent') return absent;
    if (!manifest) return this.#flawed(key, { what: `${manifestName} is not what was written` });
    const flaw = await findMisshapen(folder, manifest);
    if (flaw) return this.#flawed(key, flaw);
    const now = new Date();
    await utimes(join(folder, manifestName), now, now).catch(() => undefined);
    this.#pinned.add(key);
    const check: CheckFiles = (isMeant) => new FileCheck(folder, manifest, isMeant);
    return { state: 'complete', folder, check: this.#sound.has(key) ? null : check };
  }

  /** Is there an entry, in whatever state? Other processes may remove those that this one uses. */
  holds(key: string): Promise<boolean> {
    return lstat(join(this.folder, key)).then(
      () => true,
      () => false,
    );
  }

  /** From now on, and until this process ends, the files of an entry count as checked. */
  trust(key: string): void {
    this.#sound.add(key);
  }

  /** Fills a new entry through `fill`; `needBytes` is the most disk that takes at any moment. */
  async build(
    key: string,
    { title, needBytes }: { readonly title: string; readonly needBytes: number },
    fill: (folder: string) => Promise<Outcome<null>>,
  ): Promise<Outcome<string>> {
    const building = this.#unfinished();
    try {
      // Someone may have removed the whole cache since it was opened.
      await mkdir(this.folder, { recursive: true });
      await mkdir(building);
      const room = await this.#makeRoom(needBytes);
      if (!room.ok) return room;
      const filled = await fill(building);
      if (!filled.ok) return filled;
      await this.#seal(building, title);
      await this.#place(building, key);
      await syncFolder(this.folder);
      this.#pinned.add(key);
      this.trust(key);
      return ok(join(this.folder, key));
    } catch (cause) {
      return unwritable(this.folder, cause);
    } finally {
      await rm(building, { recursive: true, force: true }).catch(() => undefined);
    }
  }

  async remove(key: string): Promise<void> {
    this.#pinned.delete(key);
    this.#sound.delete(key);
    await this.#discard(key);
  }

  /** Entries of finished runs may go again. */
  unpin(): void {
    this.#pinned.clear();
  }

  async status(): Promise<CacheStatus> {
    const entries = await this.#entries();
    const totalBytes = sizeOf(entries);
    return { folder: this.folder, limitBytes: this.#limitBytes, totalBytes, entries };
  }

  /** Removes every entry and says how many bytes that freed. */
  async clear(): Promise<number> {
    let freed = 0;
    this.#pinned.clear();
    for (const { key, sizeBytes } of await this.#entries()) {
      if (await this.#discard(key)) freed += sizeBytes;
    }
    return freed;
  }

  /** A name that nobody looks at, and that is swept away where this process dies. */
  #unfinished(): string {
    const unique = randomBytes(4).toString('hex');
    return join(this.folder, `${buildingPrefix}${process.pid}-${unique}`);
  }

  /** Says what the files are, and waits until all of it is on the disk: a power cut leaves an entry whole or none. */
  async #seal(building: string, title: string): Promise<void> {
    const manifest = await describeFolder(building, title);
    await writeFile(join(building, manifestName), manifestText(manifest));
    for (const name of await readdir(building)) await syncFile(join(building, name));
    await syncFolder(building);
  }

  async #place(building: string, key: string): Promise<void> {
    const folder = join(this.folder, key);
    try {
      await rename(building, folder);
    } catch {
      // Another process may have built the same meanwhile: either copy will do.
      if (await readManifest(folder)) return;
      // Or what lies there is the rest of an entry that someone removed in part.
      await this.#discard(key);
      await rename(building, folder);
    }
  }

  /** Takes an entry away at once, then removes its files. False where another program holds on to it. */
  async #discard(key: string): Promise<boolean> {
    const doomed = this.#unfinished();
    try {
      await rename(join(this.folder, key), doomed);
    } catch {
      return false;
    }
    await rm(doomed, { recursive: true, force: true }).catch(() => undefined);
    return true;
  }

  /** Newest first. */
  async #entries(): Promise<readonly CacheEntry[]> {
    const names = await readdir(this.folder).catch(() => []);
    const entries: CacheEntry[] = [];
    for (const key of names.filter((name) => !name.startsWith(buildingPrefix))) {
      const folder = join(this.folder, key);
      const manifest = await readManifest(folder);
      // What is damaged, or written by another version, takes room too, and goes by the same rules.
      const used = await stat(join(folder, manifestName)).catch(() => null);
      if (!used) continue;
      const sizeBytes = manifest ? sizeInAll(manifest) : await sizeOnDisk(folder);
      const title = manifest?.title ?? 'not readable by this version';
      entries.push({ key, title, sizeBytes, lastUsed: used.mtime.toISOString() });
    }
    return entries.toSorted((a, b) => b.lastUsed.localeCompare(a.lastUsed));
  }

  /** Null where it cannot be read. Other processes may put an entry there, or take it away, between two looks. */
  async #manifestOf(key: string): Promise<Manifest | 'absent' | null> {
    const folder = join(this.folder, key);
    const manifest = await readManifest(folder);
    if (manifest) return manifest;
    if (!(await this.holds(key))) return 'absent';
    return (await readManifest(folder)) ?? ((await this.holds(key)) ? null : 'absent');
  }

  async #flawed(key: string, flaw: Flaw): Promise<Found> {
    await this.remove(key);
    return flaw === 'gone' ? absent : { state: 'damaged', ...flaw };
  }

  async #makeRoom(needBytes: number): Promise<Outcome<null>> {
    const entries = await this.#entries();
    let total = sizeOf(entries);
    let free = await freeBytes(this.folder);
    const idle = entries.filter(({ key }) => !this.#pinned.has(key));
    // Where nothing helps, nothing goes.
    if (needBytes > free + sizeOf(idle)) return this.#diskFull(needBytes, free);
    for (const { key, sizeBytes } of idle.toReversed()) {
      if (total + needBytes <= this.#limitBytes && needBytes <= free) break;
      if (!(await this.#discard(key))) continue;
      total -= sizeBytes;
      free += sizeBytes;
    }
    return needBytes <= free ? ok(null) : this.#diskFull(needBytes, free);
  }

  #diskFull(needBytes: number, freeBytesNow: number): Outcome<never> {
    const message = `Building this stage takes ${formatBytes(needBytes)} of disk, ${formatBytes(freeBytesNow)} are free in ${this.folder}; free some space, or set PATCHBAY_CACHE to another folder.`;
    return fail(error('cache-unwritable', message));
  }

  async #sweep(): Promise<void> {
    for (const name of await readdir(this.folder)) {
      const owner = Number(/^building-(\d+)-/.exec(name)?.[1]);
      if (owner > 0 && !isAlive(owner))
        await rm(join(this.folder, name), { recursive: true, force: true });
    }
  }
}

/** Removes what a process of this id left half-built; for the caller of an engine that was killed. */
export async function removeUnfinished(cacheRoot: string, processId: number): Promise<void> {
  const folder = join(cacheRoot, 'stages');
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((entry) => entry.startsWith(`${buildingPrefix}${processId}-`))) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}

function unwritable(folder: string, cause: unknown): Outcome<never> {
  const message = `The stage cache ${folder} cannot be written: ${writeReason(cause)}; set PATCHBAY_CACHE to a folder that can.`;
  return fail(error('cache-unwritable', message));
}

function sizeOf(entries: readonly CacheEntry[]): number {
  return entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function sizeInAll({ files }: Manifest): number {
  return Object.values(files).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

async function sizeOnDisk(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      lstat(join(folder, name))
        .then(({ size }) => size)
        .catch(() => 0),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
