/** Folders of what Patchbay keeps for a user: nobody else's business. */
import { chmod, mkdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

/**
 * Makes the folder, and those above it that are missing, for this user alone; closes one that an older Patchbay
 * made for all to read. One that the user named is as open as they have made it.
 */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (process.platform === 'win32' || isNamedByUser(path)) return;
  // On a disk without permissions it stays as it is.
  if (((await stat(path)).mode & 0o077) !== 0) await chmod(path, 0o700).catch(() => undefined);
}

function isNamedByUser(path: string): boolean {
  const { PATCHBAY_DATA, PATCHBAY_CACHE } = process.env;
  return [PATCHBAY_DATA, PATCHBAY_CACHE].some((named) => named && resolve(named) === resolve(path));
}
