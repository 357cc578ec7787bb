/** Two Patchbays never share a browser profile, and one that was killed leaves its profile to the next. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { claimProfile, profileBase } from './browser-profile.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-profile-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('Each that runs has a profile of its own, and a released one is used again', () => {
  const base = join(folder, 'browser');
  const first = claimProfile(base);
  const second = claimProfile(base);
  expect([first?.folder, second?.folder]).toEqual([base, `${base}-2`]);
  first?.release();
  expect(claimProfile(base)?.folder).toBe(base);
});

test('A profile belongs to the browser as long as that lives, also after its Patchbay was killed', async () => {
  const base = join(folder, 'orphan');
  const lock = join(base, 'patchbay-in-use');
  claimProfile(base)?.holdBy(process.pid);
  expect(await readFile(lock, 'utf8')).toBe(`${process.pid}`);
  expect(claimProfile(base)?.folder).toBe(`${base}-2`);
  const { pid } = spawnSync(process.execPath, ['--version']);
  await writeFile(lock, `${pid}`);
  expect(claimProfile(base)?.folder).toBe(base);
});

test('Where no folder can be made there is no profile', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  expect(claimProfile(join(file, 'browser'))).toBeNull();
});

test('A browser in a snap keeps its profile where snaps may write', () => {
  expect(profileBase('/usr/bin/chromium', '/data')).toBe(join('/data', 'browser'));
  expect(profileBase('/snap/bin/chromium', '/data')).toContain(join('snap', 'chromium', 'common'));
});
