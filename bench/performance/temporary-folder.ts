/** Folders that are gone when the work is done, and caches that begin empty. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';

export async function inTemporaryFolder<Result>(
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Processes that are started meanwhile find nothing that was built before. */
export function inEmptyCache<Result>(work: () => Promise<Result>): Promise<Result> {
  return inTemporaryFolder(async (folder) => {
    const before = process.env['PATCHBAY_CACHE'];
    process.env['PATCHBAY_CACHE'] = folder;
    try {
      return await work();
    } finally {
      if (before === undefined) delete process.env['PATCHBAY_CACHE'];
      else process.env['PATCHBAY_CACHE'] = before;
    }
  });
}
