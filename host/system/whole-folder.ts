/** Fills a folder whole or not at all: beside its place first, then renamed to it. */
import {
  access,
  chmod,
  constants,
  mkdir,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { syncFile, syncFolder } from './sync-to-disk.ts';
import { removeUnfinishedFolders, unfinishedName } from './unfinished-files.ts';
import { writeReason } from './write-reason.ts';

/**
 * `fill` writes into a new folder on the same disk as `path`, which becomes `path` when it succeeds. Fails with
 * `file-exists` where something is there already that is no empty folder, and with `file-unwritable` where the system
 * says no; nothing is left then. `userMask` is the umask by which what is written may be read by others.
 */
export async function writeWholeFolder(
  path: string,
  userMask: number,
  fill: (folder: string) => Promise<Outcome<null>>,
): Promise<Outcome<null>> {
  const vacant = await vacantPlace(path);
  if (!vacant.ok) return vacant;
  const place = vacant.value;
  await removeUnfinishedFolders(place);
  const beside = unfinishedName(place);
  try {
    await mkdir(beside);
    const filled = await fill(beside);
    if (!filled.ok) return filled;
    for (const name of await readdir(beside)) {
      await chmod(join(beside, name), 0o666 & ~userMask);
      await syncFile(join(beside, name));
    }
    await chmod(beside, 0o777 & ~userMask);
    await syncFolder(beside);
    await putInPlace(beside, place);
    await syncFolder(dirname(place));
    return ok(null);
  } catch (cause) {
    return isOccupied(cause) ? occupied(path) : unwritable(path, cause);
  } finally {
    await rm(beside, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** The place that is not there yet or empty, without links. */
export async function vacantPlace(path: string): Promise<Outcome<string>> {
  try {
    const place = await realpath(path).catch((cause: unknown) => {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw cause;
    });
    if (place === null) {
      const parent = await realpath(dirname(resolve(path)));
      await access(parent, constants.W_OK);
      return ok(join(parent, basename(resolve(path))));
    }
    if ((await readdir(place)).length > 0) return occupied(path);
    await access(dirname(place), constants.W_OK);
    return ok(place);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    return code === 'ENOTDIR' ? occupied(path) : unwritable(path, cause);
  }
}

/** Windows renames nothing over a folder that is there, not even an empty one. */
async function putInPlace(beside: string, place: string): Promise<void> {
  await rmdir(place).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  });
  await rename(beside, place);
}

const isOccupied = (cause: unknown): boolean =>
  ['ENOTEMPTY', 'EEXIST'].includes((cause as NodeJS.ErrnoException).code ?? '');

function occupied(path: string): Outcome<never> {
  const message = `${path} holds something already, which is not touched; name a folder that is empty or not there yet.`;
  return fail(error('file-exists', message));
}

function unwritable(path: string, cause: unknown): Outcome<never> {
  const message = `${path} cannot be written: ${writeReason(cause)}; choose another place.`;
  return fail(error('file-unwritable', message));
}
