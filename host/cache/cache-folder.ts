/** Where files that can be made again are kept, by the custom of each system. */
import os from 'node:os';
import { join } from 'node:path';

/** `PATCHBAY_CACHE` overrides. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { PATCHBAY_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = environment;
  if (PATCHBAY_CACHE) return PATCHBAY_CACHE;
  if (process.platform === 'darwin') return join(os.homedir(), 'Library', 'Caches', 'Patchbay');
  if (process.platform === 'win32') {
    return join(LOCALAPPDATA ?? join(os.homedir(), 'AppData', 'Local'), 'Patchbay', 'Cache');
  }
  return join(XDG_CACHE_HOME ?? join(os.homedir(), '.cache'), 'patchbay');
}
