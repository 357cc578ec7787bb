/** Writes a file whole or not at all: beside it first, then renamed over it. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';

export async function writeWhole(path: string, content: string): Promise<Outcome<null>> {
  const beside = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const file = await open(beside, 'wx');
    try {
      await file.writeFile(content);
      // Renamed before it is on the disk, a file may come out of a power cut empty.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    return ok(null);
  } catch (cause) {
    await rm(beside, { force: true });
    const { code } = cause as NodeJS.ErrnoException;
    return fail(
      error('file-unwritable', `${path} cannot be written (${code}); choose another place.`),
    );
  }
}
