/** Unsaved work is there again whatever happened to Patchbay, and what is broken is never thrown away. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { Draft } from '#engine/contract/file-service.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { packageRoot } from '../system/package-root.ts';
import { LocalFiles } from './local-files.ts';

const root = await mkdtemp(join(os.tmpdir(), 'patchbay-drafts-'));
afterAll(() => rm(root, { recursive: true }));

let data: string;
let files: LocalFiles;
let count = 0;

beforeEach(() => {
  data = join(root, String(count++));
  files = new LocalFiles(data);
});

const draftOf = (id: string, title = id): Draft => ({
  id,
  window: 'one',
  path: null,
  stamp: null,
  unsaved: true,
  document: { ...sketchDocument({ prompt: ['input/prompt', { text: 'Hi' }] }, []), title },
});

const pathOf = (name: string): string => join(data, 'drafts', name);

test('drafts are kept until they are dropped, the last state of each', async () => {
  expect(await files.drafts()).toEqual([]);
  // Takes longer to write than what comes after it.
  const notes = Array.from({ length: 500 }, () => ({ text: 'word '.repeat(2000), x: 0, y: 0 }));
  const early = draftOf('a', 'early');
  const kept = await Promise.all([
    files.keepDraft({ ...early, document: { ...early.document, notes } }),
    files.keepDraft(draftOf('b')),
    files.keepDraft(draftOf('a', 'late')),
  ]);
  expect(kept.every(({ ok }) => ok)).toBe(true);
  const now = new Date();
  await utimes(pathOf('b.json'), now, new Date(now.getTime() + 5000));
  files = new LocalFiles(data);
  expect(await files.drafts()).toEqual([draftOf('b'), draftOf('a', 'late')]);
  await files.dropDraft('b');
  await files.dropDraft('b');
  await files.dropDraft('../../etc/passwd');
  expect(await files.drafts()).toEqual([draftOf('a', 'late')]);
});

test('a draft survives the sudden end of its writer, in the state that was last said to be safe', async () => {
  const bundle = await rolldown({
    cwd: packageRoot,
    input: 'host/files/draft-writer.testing.ts',
    platform: 'node',
  });
  await mkdir(join(data, 'drafts'), { recursive: true });
  const file = join(data, 'writer.mjs');
  await bundle.write({ file, format: 'esm', codeSplitting: false });
  await bundle.close();
  // Killed while something happens to the files, after ever more of it.
  for (const changes of [2, 5, 9, 14, 20, 27]) {
    const writer = spawn(process.execPath, [file, data], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    writer.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    let seen = 0;
    const watcher = watch(join(data, 'drafts'), () => {
      if (said !== '' && ++seen === changes) writer.kill('SIGKILL');
    });
    await once(writer, 'close');
    watcher.close();
    const safe = Number(said.trimEnd().split('\n').at(-1));
    const [draft, ...others] = await new LocalFiles(data).drafts();
    expect(others).toEqual([]);
    expect(Number(draft?.document.title)).toBeGreaterThanOrEqual(safe);
    expect(draft?.document.notes).toHaveLength(300);
    const names = await readdir(join(data, 'drafts'));
    expect(names.filter((name) => name.endsWith('.broken'))).toEqual([]);
  }
});

test('a broken draft is set aside whole, beside those set aside before, and the others are found', async () => {
  await files.keepDraft(draftOf('good'));
  const cut = JSON.stringify(draftOf('cut')).slice(0, -20);
  for (const text of [cut, 'again']) {
    await writeFile(pathOf('cut.json'), text);
    expect(await files.drafts()).toEqual([draftOf('good')]);
  }
  await writeFile(pathOf('foreign.json'), '{"id": "other"}');
  expect(await files.drafts()).toEqual([draftOf('good')]);
  expect((await readdir(join(data, 'drafts'))).toSorted()).toEqual([
    'cut.json.2.broken',
    'cut.json.broken',
    'foreign.json.broken',
    'good.json',
  ]);
  expect(await readFile(pathOf('cut.json.broken'), 'utf8')).toBe(cut);
});

test('a draft of a newer Patchbay is left for it', async () => {
  await files.keepDraft(draftOf('good'));
  const text = JSON.stringify({ ...draftOf('new'), document: { format: 'patchbay', version: 99 } });
  await writeFile(pathOf('new.json'), text);
  expect(await files.drafts()).toEqual([draftOf('good')]);
  expect(await readFile(pathOf('new.json'), 'utf8')).toBe(text);
});

test('what a writer that is gone left half-written is cleared away, whatever the clock says', async () => {
  await files.keepDraft(draftOf('good'));
  const gone = spawnSync(process.execPath, ['--version']).pid;
  const [left, writing] = [gone, process.pid].map((pid) => `work.json.${pid}-0123abcd.tmp`);
  for (const name of [left, writing]) await writeFile(pathOf(name as string), '{');
  await writeFile(join(data, `preferences.json.${gone}-0123abcd.tmp`), '{');
  // Another process still writes this one; by a clock that has jumped, it has done so for a year.
  const longAgo = new Date(Date.now() - 365 * 24 * 60 * 60 * 1000);
  await utimes(pathOf(writing as string), longAgo, longAgo);
  await files.drafts();
  expect((await readdir(join(data, 'drafts'))).toSorted()).toEqual(['good.json', writing]);
  expect(await readdir(data)).toEqual(['drafts']);
});
