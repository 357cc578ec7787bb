/** A little memory for one process, past which the Linux kernel kills it, where the system lets a test say so. */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where control groups of memory are made: of version 1, and of version 2 where the root hands memory down. */
const parents = [
  { folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { folder: '/sys/fs/cgroup', limit: 'memory.max' },
] as const;

export class MemoryCage {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Null where this user may make none. */
  static build(limitBytes: number): MemoryCage | null {
    for (const { folder, limit } of parents) {
      const own = join(folder, `patchbay-test-${process.pid}`);
      try {
        mkdirSync(own);
      } catch {
        continue;
      }
      // Only a folder of control groups has this file without anybody's writing it.
      if (existsSync(join(own, limit))) {
        writeFileSync(join(own, limit), String(limitBytes));
        return new MemoryCage(own);
      }
      rmdirSync(own);
    }
    return null;
  }

  /** What the process takes from now on counts. */
  lockIn(processId: number): void {
    writeFileSync(join(this.#folder, 'cgroup.procs'), String(processId));
  }

  /** Once nobody is in it any more. */
  remove(): void {
    rmdirSync(this.#folder);
  }
}
