/** Files that are read from their beginning to their end: never a pipe or a device, which may have none. */
import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';

/** In place of a system's own, of which there is none for this. */
export const noRegularFile = 'ENOTFILE';

/** Opens a regular file to be read. Throws as `open` does, and with the code `noRegularFile` for what is none. */
export async function openRegularFile(path: string): Promise<FileHandle> {
  // To open a device may do something, such as rewinding a tape.
  if (!(await stat(path)).isFile()) throw notRegular();
  // What has become a pipe meanwhile would otherwise be waited for.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw notRegular();
}

/** All of a regular file. Throws as `openRegularFile` does. */
export async function readRegularFile(path: string): Promise<Buffer> {
  const file = await openRegularFile(path);
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

const notRegular = (): Error =>
  Object.assign(new Error('This is no regular file.'), { code: noRegularFile });
