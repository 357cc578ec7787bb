/** Where what belongs to the user and lies in no file of theirs is kept, by the custom of each system. */
import os from 'node:os';
import { join } from 'node:path';

/** `PATCHBAY_DATA` overrides. */
export function dataFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { PATCHBAY_DATA, XDG_DATA_HOME, APPDATA } = environment;
  if (PATCHBAY_DATA) return PATCHBAY_DATA;
  if (process.platform === 'darwin')
    return join(os.homedir(), 'Library', 'Application Support', 'Patchbay');
  if (process.platform === 'win32')
    return join(APPDATA ?? join(os.homedir(), 'AppData', 'Roaming'), 'Patchbay');
  return join(XDG_DATA_HOME ?? join(os.homedir(), '.local', 'share'), 'patchbay');
}
