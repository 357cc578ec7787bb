/** Where Electron keeps what belongs to the window: caches, storage of the page, and where the window was. */
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** In the folder of the user's data, for this user alone, also where an older Patchbay made it for all to read. */
export function openWindowFolder(dataFolder: string): string {
  const folder = join(dataFolder, 'window');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  return folder;
}
