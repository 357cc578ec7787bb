/** A disk of a few megabytes that can be filled in the middle of something, where the system lets a test mount one. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

export class SmallDisk {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Null where nothing may be mounted: that takes Linux and its administrator. */
  static mount(sizeBytes: number): SmallDisk | null {
    const folder = mkdtempSync(join(os.tmpdir(), 'patchbay-small-disk-'));
    try {
      const args = ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder];
      execFileSync('mount', args, { stdio: 'ignore' });
      return new SmallDisk(folder);
    } catch {
      rmSync(folder, { recursive: true });
      return null;
    }
  }

  /** Leaves so many bytes to others, rounded to whole pages. */
  fill(leaveBytes = 0): void {
    const { bavail, bsize } = statfsSync(this.folder);
    const file = openSync(this.#ballast, 'w');
    const page = Buffer.alloc(bsize, 1);
    const pages = bavail - Math.ceil(leaveBytes / bsize);
    for (let written = 0; written < pages; written++) writeSync(file, page);
    closeSync(file);
  }

  /** Gives back what `fill` took. */
  relieve(): void {
    rmSync(this.#ballast, { force: true });
  }

  /** Lets nobody write any more. */
  lock(): void {
    execFileSync('mount', ['-o', 'remount,ro', this.folder]);
  }

  unlock(): void {
    execFileSync('mount', ['-o', 'remount,rw', this.folder]);
  }

  unmount(): void {
    execFileSync('umount', [this.folder]);
    rmSync(this.folder, { recursive: true });
  }

  get #ballast(): string {
    return join(this.folder, 'ballast');
  }
}
