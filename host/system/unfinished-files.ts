/** Files that are being written: named after their process, so that what one left behind is told from what lives. */
import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './is-alive.ts';

const pattern = /\.(\d+)-[0-9a-f]{8}\.tmp$/;

/** A new name beside `path`. */
export function unfinishedName(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
}

/** Removes what processes that are gone left in a folder. No clock is asked: clocks jump. */
export async function removeUnfinishedFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const writer = Number(pattern.exec(name)?.[1]);
    if (writer > 0 && !isAlive(writer)) await rm(join(folder, name), { force: true });
  }
}
