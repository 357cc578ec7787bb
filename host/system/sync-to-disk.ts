/** Waits until what was written is on the disk, not only on its way there. */
import { open } from 'node:fs/promises';

/** The bytes of a file. */
export function syncFile(path: string): Promise<void> {
  return sync(path, 'r+');
}

/** Which names a folder holds. Windows sees to that itself, and does not open folders. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform !== 'win32') await sync(path, 'r');
}

async function sync(path: string, flags: 'r' | 'r+'): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
