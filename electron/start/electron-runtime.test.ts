/** The runtime counts as there only when it is whole and of the package's own version. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findElectronRuntime } from './electron-runtime.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-runtime-'));
  await writeFile(join(folder, 'package.json'), '{"version":"45.4.1"}');
});
afterAll(() => rm(folder, { recursive: true }));

const find = (env = {}) => findElectronRuntime(folder, env);

test('A package that was never started is to fetch; without the package there is nothing to do', () => {
  expect(find()).toEqual({ state: 'to-fetch', installScript: join(folder, 'install.js') });
  expect(findElectronRuntime(null, {})).toEqual({ state: 'not-installed' });
});

test('What an installer left half done, or an older version, is fetched again', async () => {
  const dist = join(folder, 'dist');
  await mkdir(dist);
  await writeFile(join(dist, 'version'), '45.4.1');
  expect(find().state).toBe('to-fetch');
  await writeFile(join(folder, 'path.txt'), 'electron');
  expect(find().state).toBe('to-fetch');
  await writeFile(join(dist, 'electron'), '');
  expect(find()).toEqual({ state: 'ready', path: join(dist, 'electron') });
  await writeFile(join(dist, 'version'), 'v44.0.0');
  expect(find().state).toBe('to-fetch');
  // Who names a folder of their own knows its version.
  expect(find({ ELECTRON_OVERRIDE_DIST_PATH: dist }).state).toBe('ready');
});
