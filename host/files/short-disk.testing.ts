/** Disks that are full or read-only, for tests: small ones of memory where the test may mount them. */
import { execFileSync } from 'node:child_process';
import { open, rm, truncate, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { vi } from 'vitest';

const sizeBytes = 512 * 1024;
/** Room for the beginning of what is written next. */
const roomBytes = 8 * 1024;

export interface ShortDisk {
  readonly folder: string;
  /** What is written from now on finds no room after its first kilobytes. */
  readonly fill: () => Promise<void>;
  readonly free: () => Promise<void>;
  /** Null where the disk is no real one. */
  readonly setReadOnly: ((isReadOnly: boolean) => void) | null;
  readonly remove: () => void;
}

const newFolder = (): string => mkdtempSync(join(tmpdir(), 'patchbay-short-disk-'));

/** Null where this test may not mount. */
export function mountDisk(): ShortDisk | null {
  if (process.platform !== 'linux') return null;
  const folder = newFolder();
  const mount = (...options: readonly string[]): void =>
    void execFileSync('mount', [...options, folder], { stdio: 'ignore' });
  try {
    mount('-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'patchbay-test');
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  const filler = join(folder, '.filler');
  return {
    folder,
    fill: async () => {
      await writeFile(filler, Buffer.alloc(sizeBytes)).catch(() => undefined);
      const file = await open(filler);
      const { size } = await file.stat();
      await file.close();
      await truncate(filler, Math.max(0, size - roomBytes));
    },
    free: () => rm(filler),
    setReadOnly: (isReadOnly) => mount('-o', `remount,${isReadOnly ? 'ro' : 'rw'}`),
    remove: () => {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** Every file that is written through a handle: the first kilobytes, then that there is no room. */
export async function standInDisk(): Promise<ShortDisk> {
  const folder = newFolder();
  const probe = await open(join(folder, '.probe'), 'w');
  const prototype = Object.getPrototypeOf(probe) as Pick<FileHandle, 'writeFile' | 'write'>;
  await probe.close();
  await rm(join(folder, '.probe'));
  return {
    folder,
    fill: () => {
      vi.spyOn(prototype, 'writeFile').mockImplementation(async function (
        this: FileHandle,
        content,
      ) {
        await this.write(Buffer.from(content as string | Uint8Array).subarray(0, roomBytes));
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      });
      return Promise.resolve();
    },
    free: () => Promise.resolve(void vi.restoreAllMocks()),
    setReadOnly: null,
    remove: () => rmSync(folder, { recursive: true }),
  };
}
