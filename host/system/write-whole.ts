/** Writes a file whole or not at all: beside it first, then renamed over it. */
import {
  access,
  constants,
  lstat,
  open,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { noRegularFile } from './regular-file.ts';
import { unfinishedName } from './unfinished-files.ts';
import { writeReason } from './write-reason.ts';

export interface Writing {
  /** May it be a pipe or a device? One that nobody reads keeps the writer for ever. */
  readonly acceptsStreams?: boolean;
  /** For this user alone, whoever could read it before. */
  readonly isPrivate?: boolean;
  /** What to do where it cannot be written, as the end of a sentence. */
  readonly remedy?: string;
}

/** Fails with `file-unwritable`; what was there is then as it was. */
export async function writeWhole(
  path: string,
  content: string | Uint8Array,
  writing: Writing = {},
): Promise<Outcome<null>> {
  let called = path;
  try {
    const target = await targetOf(path, writing);
    called = target.called;
    if (target.isStream) await writeFile(target.path, content);
    else await writeBeside(target, content);
    return ok(null);
  } catch (cause) {
    return unwritable(called, cause, writing);
  }
}

/** Says what would keep `writeWhole` from writing there, as far as that can be known beforehand. */
export async function checkWritable(path: string, writing: Writing = {}): Promise<Outcome<null>> {
  let called = path;
  try {
    const target = await targetOf(path, writing);
    called = target.called;
    if (!target.isStream) await access(dirname(target.path), constants.W_OK);
    if (target.isThere) await access(target.path, constants.W_OK);
    return ok(null);
  } catch (cause) {
    return unwritable(called, cause, writing);
  }
}

interface Target {
  readonly path: string;
  /** In a sentence. */
  readonly called: string;
  readonly isThere: boolean;
  /** A device or a pipe: what is renamed over it would take its place. */
  readonly isStream: boolean;
  /** Who may read and write it; null where that is left to the system. */
  readonly mode: number | null;
}

/** A link is followed, so that it stays a link. */
async function targetOf(path: string, { acceptsStreams, isPrivate }: Writing): Promise<Target> {
  if (path === '' || path.endsWith('/')) throw refused('EISDIR');
  const facts = await factsOf(path, stat);
  const mode = isPrivate === true ? 0o600 : null;
  if (!facts) {
    const end = await endOfLinks(path);
    const called = end === path ? path : `${path}, a link to ${end},`;
    return { path: end, called, isThere: false, isStream: false, mode };
  }
  if (facts.isDirectory()) throw refused('EISDIR');
  const there = { called: path, isThere: true };
  if (facts.isFile()) {
    const kept = mode ?? facts.mode & 0o777;
    return { ...there, path: await realpath(path), isStream: false, mode: kept };
  }
  if (acceptsStreams !== true) throw refused(noRegularFile);
  return { ...there, path, isStream: true, mode: null };
}

/** Where a path leads at whose end nothing is yet. */
async function endOfLinks(path: string): Promise<string> {
  const facts = await factsOf(path, lstat);
  if (facts?.isSymbolicLink() !== true) return path;
  return endOfLinks(resolve(await realpath(dirname(path)), await readlink(path)));
}

async function factsOf(path: string, look: typeof stat | typeof lstat) {
  try {
    return await look(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
}

const refused = (code: string): Error => Object.assign(new Error('refused'), { code });

async function writeBeside(
  { path, isThere, mode }: Target,
  content: string | Uint8Array,
): Promise<void> {
  // Renaming asks only whether the folder may be written; a file that is marked as read-only stays so.
  if (isThere) await access(path, constants.W_OK);
  const beside = unfinishedName(path);
  try {
    const file = await open(beside, 'wx', mode ?? 0o666);
    try {
      if (mode !== null) await file.chmod(mode);
      await file.writeFile(content);
      // Renamed before it is on the disk, a file may come out of a power cut empty.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw cause;
  }
}

function unwritable(
  called: string,
  cause: unknown,
  { remedy = 'choose another place' }: Writing,
): Outcome<never> {
  const message = `${called} cannot be written: ${writeReason(cause)}; ${remedy}.`;
  return fail(error('file-unwritable', message));
}
