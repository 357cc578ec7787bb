/** What the page and Electron store is nobody else's to read, on a machine that several people use. */
import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWindowFolder } from './window-folder.ts';

let data: string;

beforeEach(async () => {
  data = await mkdtemp(join(os.tmpdir(), 'patchbay-window-folder-'));
});
afterEach(() => rm(data, { recursive: true }));

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test.skipIf(process.platform === 'win32')(
  'A new folder, and those above it, are its user’s',
  async () => {
    const folder = openWindowFolder(join(data, 'deep'));
    expect([await modeOf(folder), await modeOf(join(data, 'deep'))]).toEqual([0o700, 0o700]);
  },
);

test.skipIf(process.platform === 'win32')('One that all could read is closed', async () => {
  await mkdir(join(data, 'window'));
  await chmod(join(data, 'window'), 0o755);
  expect(await modeOf(openWindowFolder(data))).toBe(0o700);
});
