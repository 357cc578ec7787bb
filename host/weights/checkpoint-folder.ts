/** From the folder name in a graph to a folder on this machine. */
import { join, resolve } from 'node:path';
import { presetsFolder } from '../system/package-root.ts';

const builtinPrefix = 'builtin:';

/** `builtin:NAME` is a checkpoint that comes with Patchbay; relative paths are taken from `baseFolder`. */
export function checkpointFolder(folder: string, baseFolder: string): string {
  if (folder.startsWith(builtinPrefix)) {
    return join(presetsFolder, 'checkpoints', folder.slice(builtinPrefix.length));
  }
  return resolve(baseFolder, folder);
}
