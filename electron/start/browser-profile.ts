/** A browser profile of our own for each Patchbay that runs, so that each owns the process of its window. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { isAlive } from '#host/system/is-alive.ts';

export interface BrowserProfile {
  readonly folder: string;
  /** Names the browser's process, which may outlive the one that started it. */
  readonly holdBy: (processId: number) => void;
  readonly release: () => void;
}

/** As many Patchbays as one would run at a time. */
const maxProfiles = 20;

/**
 * A browser hands its window over to one that runs with the same profile and ends at once, so a profile in use
 * is left alone. Null where none can be had, such as on a read-only disk.
 */
export function claimProfile(base: string): BrowserProfile | null {
  for (let number = 1; number <= maxProfiles; number++) {
    const folder = number === 1 ? base : `${base}-${number}`;
    const lock = join(folder, 'patchbay-in-use');
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch {
      return null;
    }
    if (!claim(lock)) continue;
    return {
      folder,
      holdBy: (processId) => writeFileSync(lock, `${processId}`),
      release: () => rmSync(lock, { force: true }),
    };
  }
  return null;
}

/** Browsers packed as snaps cannot write to hidden folders of the user. */
export function profileBase(browserPath: string, dataFolder: string): string {
  return browserPath.startsWith('/snap/')
    ? join(os.homedir(), 'snap', 'chromium', 'common', 'patchbay')
    : join(dataFolder, 'browser');
}

function claim(lock: string): boolean {
  if (writeLock(lock)) return true;
  if (isHeld(lock)) return false;
  // Whoever held it was ended without a chance to let go.
  rmSync(lock, { force: true });
  return writeLock(lock);
}

function writeLock(lock: string): boolean {
  try {
    writeFileSync(lock, `${process.pid}`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}

function isHeld(lock: string): boolean {
  try {
    return isAlive(Number(readFileSync(lock, 'utf8')));
  } catch {
    return false;
  }
}
