/**
 * What a file's data hash to. Read once: the digest is remembered by device, inode, size, and the times of the
 * last writing (mtime) and of the last change of any kind (ctime), which no program can set back.
 */
import { randomBytes } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { isInArchive } from '../system/package-root.ts';
import { BlockHashing } from '../system/block-hashes.ts';
import { digest } from '../system/digest.ts';
import { readFailure } from './read-failure.ts';

/** Equal as long as the system says that a file has not been touched. */
export interface FileIdentity {
  readonly path: string;
  readonly sizeBytes: number;
  readonly changedMs: number;
  readonly key: string;
}

/** Told of long work now and then; where it fails, the work ends. */
export type TellRead = (doneBytes: number, totalBytes: number) => Promise<Outcome<null>>;

/** What takes less time than this is not worth a word. */
const silentMs = 300;
const tellEveryMs = 100;
/** File systems note times by a clock that ticks seldom, FAT every two seconds: a younger file may change unseen. */
const settledMs = 2500;
/** A hundred bytes each. */
const rememberedFiles = 4096;

export function identityOf(path: string, status: BigIntStats): FileIdentity {
  // Nothing changes in there, and what it says of itself is made up; another version of the app is read anew.
  if (isInArchive(path))
    return { path, sizeBytes: Number(status.size), changedMs: Infinity, key: `archive ${path}` };
  const { dev, ino, size, mtimeNs, ctimeNs } = status;
  return {
    path,
    sizeBytes: Number(size),
    changedMs: Number(status.ctimeMs),
    key: [dev, ino, size, mtimeNs, ctimeNs].join('-'),
  };
}

/** Whether another change of the file would show in its identity. */
export const isSettled = ({ changedMs }: FileIdentity): boolean =>
  Date.now() - changedMs > settledMs;

/** Is the file still the one that was looked at? */
export async function stillIs({ path, key }: FileIdentity): Promise<Outcome<null>> {
  try {
    const now = identityOf(path, await stat(path, { bigint: true }));
    return now.key === key ? ok(null) : fail(changed(path));
  } catch (cause) {
    return fail(readFailure(path, cause));
  }
}

export class FileDigests {
  readonly #folder: string;
  readonly #known = new Map<string, string>();

  /** `folder` is made where it is missing; where it cannot be, digests are remembered by this process only. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** 32 hex digits over every byte, and no other file has them. */
  async of(file: FileIdentity, tell: TellRead): Promise<Outcome<string>> {
    const known = this.#known.get(file.key) ?? (await this.#recall(file));
    if (known !== null) {
      this.#known.set(file.key, known);
      return ok(known);
    }
    const read = await readThrough(file, tell);
    if (!read.ok) return read;
    const same = await stillIs(file);
    if (!same.ok) return same;
    if (isSettled(file)) {
      this.#known.set(file.key, read.value);
      await this.#remember(file, read.value);
    }
    return read;
  }

  #pathOf({ key }: FileIdentity): string {
    return join(this.#folder, digest([key]));
  }

  async #recall(file: FileIdentity): Promise<string | null> {
    const text = await readFile(this.#pathOf(file), 'latin1').catch(() => '');
    const [, found = ''] = text.split(' ');
    // A note that was damaged is none.
    return text === noteOf(file, found) ? found : null;
  }

  /** Nothing is lost where it cannot be written: the file is read again next time. */
  async #remember(file: FileIdentity, value: string): Promise<void> {
    const path = this.#pathOf(file);
    const beside = `${path}.${randomBytes(4).toString('hex')}`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(beside, noteOf(file, value), { mode: 0o600 });
      await rename(beside, path);
      await this.#forgetOldest();
    } catch {
      await rm(beside, { force: true }).catch(() => undefined);
    }
  }

  async #forgetOldest(): Promise<void> {
    const names = await readdir(this.#folder);
    if (names.length <= rememberedFiles) return;
    const notes = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#folder, name);
        return { path, writtenMs: (await stat(path)).mtimeMs };
      }),
    );
    notes.sort((a, b) => a.writtenMs - b.writtenMs);
    for (const { path } of notes.slice(0, names.length - rememberedFiles)) await rm(path);
  }
}

function noteOf({ key }: FileIdentity, value: string): string {
  return `${key} ${value} ${digest([key, value])}`;
}

async function readThrough(file: FileIdentity, tell: TellRead): Promise<Outcome<string>> {
  const hashing = new BlockHashing([file], 'sha256');
  try {
    const told = await watch(hashing, file, tell);
    if (!told.ok) return told;
    const [hashes = []] = await hashing.settled();
    return ok(digest([String(file.sizeBytes), ...hashes]));
  } catch (cause) {
    const isShort = cause instanceof Error && 'code' in cause && cause.code === 'EOF';
    return fail(isShort ? changed(file.path) : readFailure(file.path, cause));
  }
}

/** Tells how far the reading is until it is over, and stops it where it is told to. */
async function watch(
  hashing: BlockHashing,
  { sizeBytes }: FileIdentity,
  tell: TellRead,
): Promise<Outcome<null>> {
  const over = hashing.settled().then(() => true);
  const tick = (ms: number) => Promise.race([over, sleep(ms, false)]);
  if (await tick(silentMs)) return ok(null);
  do {
    const told = await tell(Math.min(hashing.doneBytes, sizeBytes), sizeBytes);
    if (!told.ok) {
      hashing.stop();
      await over;
      return told;
    }
  } while (!(await tick(tellEveryMs)));
  return tell(sizeBytes, sizeBytes);
}

function changed(path: string) {
  const message = `${path} changed while it was read; wait until it is written, then run again.`;
  return error('checkpoint-unreadable', message);
}
