/** Takes a file that cannot be understood out of the way without losing it. */
import { link, rm } from 'node:fs/promises';

/** Renames it to `NAME.broken`, or to the next free name of that kind; one that is gone meanwhile is left so. */
export async function setAside(path: string): Promise<void> {
  for (let count = 1; count < 1000; count++) {
    try {
      // Unlike a rename, a link takes no other file's place.
      await link(path, count === 1 ? `${path}.broken` : `${path}.${count}.broken`);
      await rm(path, { force: true });
      return;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') return;
    }
  }
}
