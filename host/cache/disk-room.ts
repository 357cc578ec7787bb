/** How much more a disk takes. */
import { statfs } from 'node:fs/promises';

/** Bytes that this user may still write into a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** What a writer that gave up for lack of room may have left, as it writes piece by piece. */
const pieceBytes = 2 ** 16;

/** For writers that do not say why they failed: throws as the system would have where the disk is full. */
export async function throwIfFull(folder: string): Promise<void> {
  if ((await freeBytes(folder)) > pieceBytes) return;
  throw Object.assign(new Error('No space left on device.'), { code: 'ENOSPC' });
}
