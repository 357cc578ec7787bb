/** Files that are being written: named after their process, so that what one left behind is told from what lives. */
import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './is-alive.ts';

const pattern = /\.(\d+)-[0-9a-f]{8}\.tmp$/;

/** A new name beside `path`. */
export function unfinishedName(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
}

/** Removes what processes that are gone left in a folder. No clock is asked: clocks jump. */
export async function removeUnfinishedFiles(folder: string): Promise<void> {
  for (const name of await leftIn(folder)) await rm(join(folder, name), { force: true });
}

/** Removes folders that processes that are gone left half-written beside `path`, which they were to become. */
export async function removeUnfinishedFolders(path: string): Promise<void> {
  const [folder, own] = [dirname(path), basename(path)];
  for (const name of await leftIn(folder)) {
    if (name.replace(pattern, '') === own)
      await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function leftIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => {
    const writer = Number(pattern.exec(name)?.[1]);
    return writer > 0 && !isAlive(writer);
  });
}
