/** What machines reach is found again for the machine that it was measured on, and for no other. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Calibration } from '#engine/contract/calibration.ts';
import { KeptCalibrations } from './kept-calibrations.ts';

const root = await mkdtemp(join(os.tmpdir(), 'patchbay-calibrations-'));
afterAll(() => rm(root, { recursive: true }));

let folders = 0;
const newFolder = (): string => join(root, String(++folders));

const machine = {
  platform: 'linux x64',
  cpu: 'A processor',
  cores: 8,
  threads: 4,
  memoryBytes: 16e9,
  node: '20.19.0',
  onnxRuntime: '1.30.0',
  patchbay: '0.1.0',
} as const;

const calibration = (given: Partial<Calibration['machine']>, memory = 40e9): Calibration => ({
  machine: { ...machine, ...given },
  measuredAt: '2026-01-01T00:00:00.000Z',
  matrixFlopsPerSecond: { float32: 1e11, int8: 2e11, int4: 1.5e11, w8a8: 4e11 },
  memoryBytesPerSecond: memory,
  launchMicroseconds: 2,
});

test('a machine is known by its processor, threads, library and system', async () => {
  const kept = new KeptCalibrations(newFolder());
  expect(await kept.find(machine)).toBeNull();
  const here = calibration({});
  expect(await kept.keep(here)).toEqual({ ok: true, value: null });
  expect(await kept.find({ ...machine, memoryBytes: 32e9, node: '22.0.0' })).toEqual(here);
  for (const other of [
    { cpu: 'Another' },
    { threads: 2 },
    { onnxRuntime: '1.31.0' },
    { platform: 'darwin arm64' },
  ])
    expect(await kept.find({ ...machine, ...other }), JSON.stringify(other)).toBeNull();
});

test('of one machine the last counts, of several each its own, for whoever opens the folder next', async () => {
  const folder = newFolder();
  const kept = new KeptCalibrations(folder);
  await kept.keep(calibration({}));
  await Promise.all([
    kept.keep(calibration({ cpu: 'Another' }, 80e9)),
    kept.keep(calibration({}, 44e9)),
  ]);
  const next = new KeptCalibrations(folder);
  expect((await next.find(machine))?.memoryBytesPerSecond).toBe(44e9);
  expect((await next.find({ ...machine, cpu: 'Another' }))?.memoryBytesPerSecond).toBe(80e9);
  if (process.platform !== 'win32')
    expect((await stat(join(folder, 'calibrations.json'))).mode & 0o077).toBe(0);
});

test.for(['', '{', '7', '{"machine":{}}', '[7,null,{"machine":"mine"}]', 'null'])(
  'a file of nonsense, %j, is no calibration and takes the next one',
  async (nonsense) => {
    const folder = newFolder();
    const kept = new KeptCalibrations(folder);
    await kept.keep(calibration({}));
    await writeFile(join(folder, 'calibrations.json'), nonsense);
    expect(await kept.find(machine)).toBeNull();
    expect(await kept.keep(calibration({}, 50e9))).toMatchObject({ ok: true });
    expect((await kept.find(machine))?.memoryBytesPerSecond).toBe(50e9);
  },
);

test.for([0, -5, null, 'fast'])(
  'a rate of %j is nonsense, and spoils no other machine',
  async (rate) => {
    const folder = newFolder();
    const kept = new KeptCalibrations(folder);
    await kept.keep(calibration({ cpu: 'Another' }));
    const path = join(folder, 'calibrations.json');
    const others = JSON.parse(await readFile(path, 'utf8')) as unknown[];
    await writeFile(
      path,
      JSON.stringify([{ ...calibration({}), memoryBytesPerSecond: rate }, ...others]),
    );
    expect(await kept.find(machine)).toBeNull();
    expect(await kept.find({ ...machine, cpu: 'Another' })).not.toBeNull();
    expect(await readdir(folder)).toEqual(['calibrations.json']);
  },
);
