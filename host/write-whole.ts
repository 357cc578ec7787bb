/** Writes a file whole or not at all: beside it first, then renamed over it. */
import { randomBytes } from 'node:crypto';
import { access, constants, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { writeReason } from './system/write-reason.ts';

export async function writeWhole(
  path: string,
  content: string | Uint8Array,
): Promise<Outcome<null>> {
  try {
    const target = await targetOf(path);
    if (target.isStream) await writeFile(target.path, content);
    else await writeBeside(target, content);
    return ok(null);
  } catch (cause) {
    return unwritable(path, cause);
  }
}

/** Says what would keep `writeWhole` from writing there, as far as that can be known beforehand. */
export async function checkWritable(path: string): Promise<Outcome<null>> {
  try {
    const target = await targetOf(path);
    if (!target.isStream) await access(dirname(target.path), constants.W_OK);
    if (target.isStream || target.mode !== null) await access(target.path, constants.W_OK);
    return ok(null);
  } catch (cause) {
    return unwritable(path, cause);
  }
}

interface Target {
  readonly path: string;
  /** A device or a pipe: what is renamed over it would take its place. */
  readonly isStream: boolean;
  /** Who may read and write the file that is there; null where there is none. */
  readonly mode: number | null;
}

/** A link is followed, so that it stays a link. */
async function targetOf(path: string): Promise<Target> {
  if (path === '' || path.endsWith('/')) throw isFolder();
  const facts = await stat(path).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  });
  if (!facts) return { path, isStream: false, mode: null };
  if (facts.isDirectory()) throw isFolder();
  return facts.isFile()
    ? { path: await realpath(path), isStream: false, mode: facts.mode & 0o777 }
    : { path, isStream: true, mode: null };
}

const isFolder = (): Error => Object.assign(new Error('is a folder'), { code: 'EISDIR' });

async function writeBeside({ path, mode }: Target, content: string | Uint8Array): Promise<void> {
  // Renaming asks only whether the folder may be written; a file that is marked as read-only stays so.
  if (mode !== null) await access(path, constants.W_OK);
  const beside = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const file = await open(beside, 'wx');
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

function unwritable(path: string, cause: unknown): Outcome<never> {
  const message = `${path} cannot be written: ${writeReason(cause)}; choose another place.`;
  return fail(error('file-unwritable', message));
}
