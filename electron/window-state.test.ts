/** What the window remembers survives a restart, and a broken memory is no more than a fresh start. */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  keepWindowState,
  readWindowState,
  withRecentPath,
  type WindowState,
} from './window-state.ts';

let folder: string;
const state: WindowState = {
  bounds: { x: -10, y: 20, width: 1440, height: 900 },
  isMaximised: true,
  background: '#161615',
  recentPaths: ['/graphs/a.patchbay.json'],
};

beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-window-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('What is kept is read again, and nothing is left beside it', async () => {
  const file = join(folder, 'deep', 'window.json');
  keepWindowState(file, state);
  expect(readWindowState(file)).toEqual(state);
  expect(await readdir(join(folder, 'deep'))).toEqual(['window.json']);
});

test.skipIf(process.platform === 'win32')('What is kept is for its user alone', async () => {
  const file = join(folder, 'alone', 'window.json');
  keepWindowState(file, state);
  const modes = [join(folder, 'alone'), file].map(async (path) => (await stat(path)).mode & 0o777);
  expect(await Promise.all(modes)).toEqual([0o700, 0o600]);
});

test('A state that is missing, broken or foreign begins anew', async () => {
  const first = readWindowState(join(folder, 'none.json'));
  expect(first).toEqual({ bounds: null, isMaximised: false, background: null, recentPaths: [] });
  const file = join(folder, 'broken.json');
  for (const text of ['{"bounds"', '[]', '{"bounds":{"x":0,"y":0,"width":-5,"height":1e99}}']) {
    await writeFile(file, text);
    expect(readWindowState(file)).toEqual(first);
  }
});

test('A place that cannot be written does not keep the window from closing', () => {
  expect(() => keepWindowState(join(folder, 'deep', 'window.json', 'x.json'), state)).not.toThrow();
});

test('A file that is opened again moves to the front; ten are remembered', () => {
  const paths = Array.from({ length: 12 }, (_, index) => `/graphs/${index}.json`);
  const grown = paths.reduce(withRecentPath, state);
  expect(grown.recentPaths).toHaveLength(10);
  expect(withRecentPath(grown, '/graphs/5.json').recentPaths.slice(0, 2)).toEqual([
    '/graphs/5.json',
    '/graphs/11.json',
  ]);
});
