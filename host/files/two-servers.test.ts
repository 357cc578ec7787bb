/** Two servers of one user, on one data folder: neither loses what the other keeps. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { packageRoot } from '../system/package-root.ts';
import { digest } from '../system/digest.ts';
import { LocalFiles } from './local-files.ts';

const root = await mkdtemp(join(os.tmpdir(), 'patchbay-two-servers-'));
// Where programs find the package that they belong to.
await mkdir(join(packageRoot, 'dist'), { recursive: true });
const programs = await mkdtemp(join(packageRoot, 'dist', 'saver-'));
const program = join(programs, 'saver.mjs');
afterAll(async () => {
  for (const folder of [root, programs]) await rm(folder, { recursive: true });
});

beforeAll(async () => {
  const bundle = await rolldown({
    cwd: packageRoot,
    input: 'host/files/graph-saver.testing.ts',
    platform: 'node',
  });
  await bundle.write({ file: program, format: 'esm', codeSplitting: false });
  await bundle.close();
});

interface Saver {
  /** The paths one after the other, without waiting for the answers. */
  readonly save: (paths: readonly string[]) => void;
  readonly said: AsyncIterator<string>;
  readonly end: () => Promise<void>;
}

async function startSaver(data: string, title: string): Promise<Saver> {
  const child = spawn(process.execPath, [program, data, title], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await said.next()).value).toBe('ready');
  return {
    save: (paths) => void child.stdin.write(paths.map((path) => `${path}\n`).join('')),
    said,
    end: async () => {
      child.stdin.end();
      await once(child, 'close');
    },
  };
}

test('of two that save one new file at once, one wins and the other is told', async () => {
  const data = join(root, 'data');
  const folder = join(root, 'graphs');
  await mkdir(folder);
  const savers = await Promise.all(['left', 'right'].map((title) => startSaver(data, title)));
  const paths = Array.from({ length: 60 }, (_, n) => join(folder, `${n}.patchbay.json`));
  for (const path of paths) {
    for (const { save } of savers) save([path]);
    const said = await Promise.all(savers.map(async (saver) => (await saver.said.next()).value));
    expect(new Set(said)).toEqual(new Set(['file-exists', 'saved']));
    const winner = said[0] === 'saved' ? 'left' : 'right';
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ title: winner });
  }
  await Promise.all(savers.map(({ end }) => end()));
  expect((await readdir(folder)).length).toBe(paths.length);
  expect(await readdir(join(data, 'saving'))).toEqual([]);
});

test('the files that both used last are all in the one list', async () => {
  const data = join(root, 'shared');
  const folder = join(root, 'recent');
  await mkdir(folder);
  const savers = await Promise.all(['left', 'right'].map((title) => startSaver(data, title)));
  const own = ['left', 'right'].map((side) =>
    Array.from({ length: 10 }, (_, n) => join(folder, `${side}-${n}.patchbay.json`)),
  );
  for (const [index, { save }] of savers.entries()) save(own[index] ?? []);
  await Promise.all(savers.map(({ end }) => end()));
  const listed = (await new LocalFiles(data).recentFiles()).map(({ path }) => path);
  expect(listed.toSorted()).toEqual(own.flat().toSorted());
});

test('whoever was ended while it saved keeps nobody waiting, and whoever still saves only from that file', async () => {
  const data = join(root, 'locked');
  const files = new LocalFiles(data);
  const document = sketchDocument({}, []);
  const [taken = '', held = '', free = ''] = ['taken', 'held', 'free'].map((name) =>
    join(root, `${name}.patchbay.json`),
  );
  const lockOf = (path: string): string => join(data, 'saving', `${digest([path])}.lock`);
  const save = (path: string) =>
    files.saveDocument({ path, document, stamp: null, overwrite: false });

  await mkdir(join(data, 'saving'), { recursive: true });
  const gone = spawnSync(process.execPath, ['--version']).pid;
  await writeFile(lockOf(taken), String(gone));
  // The process of this test stands for another server in the midst of saving.
  await writeFile(lockOf(held), String(process.pid));
  const waiting = save(held);
  expect([await save(taken), await save(free)]).toMatchObject([{ ok: true }, { ok: true }]);
  expect(existsSync(held)).toBe(false);
  await rm(lockOf(held));
  expect(await waiting).toMatchObject({ ok: true });
});
