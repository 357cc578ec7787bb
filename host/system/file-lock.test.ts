/** A lock keeps work apart, and nothing that is left of one keeps work for ever. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { whileLocked } from './file-lock.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-file-lock-'));
const lock = join(folder, 'work.lock');
afterAll(() => rm(folder, { recursive: true }));

test('work under one lock does not overlap, and ends alike where some of it fails', async () => {
  let going = 0;
  let most = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 12 }, (_, index) =>
      whileLocked(lock, async () => {
        most = Math.max(most, ++going);
        await readdir(folder);
        going--;
        if (index % 3 === 0) throw new Error('broken');
      }),
    ),
  );
  expect(most).toBe(1);
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(4);
  expect(await readdir(folder)).toEqual([]);
});

test.for([
  [
    'whose process is gone',
    (): number => spawnSync(process.execPath, ['--version']).pid,
    undefined,
  ],
  ['that names another process by now', (): number => process.pid, 20],
  ['that names none', (): string => 'nothing', undefined],
] as const)('a lock %s is taken over', async ([, holder, patienceMs]) => {
  await writeFile(lock, `${holder()}`);
  expect(await whileLocked(lock, () => Promise.resolve('done'), patienceMs)).toBe('done');
  expect(await readdir(folder)).toEqual([]);
});

test('where no lock can be had the work is done all the same', async () => {
  const below = join(folder, 'file');
  await writeFile(below, '');
  expect(await whileLocked(join(below, 'work.lock'), () => Promise.resolve('done'))).toBe('done');
});
