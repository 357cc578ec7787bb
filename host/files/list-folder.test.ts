/** A page sees folders as their user does, and which of them hold a model. */
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileLimits } from '#engine/contract/file-service.ts';
import { listFolder } from './list-folder.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-list-'));
const modifiedAt = new Date('2026-02-03T04:05:06.000Z');

beforeAll(async () => {
  for (const name of ['zoo', 'model', 'sharded', 'config only', '.hidden', 'data 10', 'data 9'])
    await mkdir(join(folder, name));
  for (const [name, text] of [
    ['model/config.json', '{}'],
    ['model/model.safetensors', 'x'],
    ['sharded/config.json', '{}'],
    ['sharded/model-00001-of-00002.safetensors', 'x'],
    ['config only/config.json', '{}'],
    ['graph.patchbay.json', '{}'],
    ['Photo.JPG', 'picture'],
    ['notes.json', '{}'],
    ['.secret', ''],
  ] as const)
    await writeFile(join(folder, name), text);
  await symlink(join(folder, 'model'), join(folder, 'linked'), 'junction');
  await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));
  await utimes(join(folder, 'Photo.JPG'), modifiedAt, modifiedAt);
});
afterAll(() => rm(folder, { recursive: true }));

async function refusal(path: string): Promise<unknown> {
  const outcome = await listFolder(path);
  return outcome.ok ? null : outcome.problems;
}

test('folders come first, then files by name, each with what it is', async () => {
  const outcome = await listFolder(`${folder}/`);
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  const { path, parent, trail, entries, shortened, places } = outcome.value;
  expect(entries.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
    'folder config only',
    'folder data 9',
    'folder data 10',
    'checkpoint linked',
    'checkpoint model',
    'checkpoint sharded',
    'folder zoo',
    'graph graph.patchbay.json',
    'file notes.json',
    'picture Photo.JPG',
  ]);
  expect(entries.at(-1)).toEqual({
    name: 'Photo.JPG',
    path: join(folder, 'Photo.JPG'),
    kind: 'picture',
    sizeBytes: 7,
    modifiedAt: modifiedAt.toISOString(),
  });
  expect({ path, parent, shortened }).toEqual({
    path: folder,
    parent: dirname(folder),
    shortened: false,
  });
  expect(trail.at(-1)).toEqual({ name: folder.slice(dirname(folder).length + 1), path: folder });
  expect(trail.at(-2)?.path).toBe(dirname(folder));
  expect(places).toContainEqual({ name: 'Home', path: os.homedir() });
  const top = await listFolder(trail[0]?.path ?? '');
  expect(top).toMatchObject({ ok: true, value: { parent: null, trail: [trail[0]] } });
});

test('a data set is listed in part, and that is said', async () => {
  const large = join(folder, 'zoo', 'large');
  await mkdir(join(large, 'zz-folder'), { recursive: true });
  for (let start = 0; start <= fileLimits.folderEntries; start += 500)
    await Promise.all(
      Array.from({ length: 500 }, (_, index) => writeFile(join(large, `${start + index}`), '')),
    );
  const outcome = await listFolder(large);
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  expect(outcome.value.shortened).toBe(true);
  expect(outcome.value.entries).toHaveLength(fileLimits.folderEntries);
  expect(outcome.value.entries.slice(0, 4).map(({ name }) => name)).toEqual([
    'zz-folder',
    '0',
    '1',
    '2',
  ]);
});

test('what is no folder is told in a sentence', async () => {
  const nowhere = join(folder, 'nowhere');
  expect(await refusal(nowhere)).toMatchObject([
    { code: 'file-unreadable', message: `There is no folder ${nowhere}; choose another.` },
  ]);
  expect(await refusal(join(folder, 'notes.json'))).toMatchObject([
    { message: expect.stringContaining('is not a folder') as string },
  ]);
  expect(await refusal('zoo')).toMatchObject([
    { message: '"zoo" does not say where it begins; write the whole path.' },
  ]);
});

test.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
  'a folder that may not be read is told so, and is still in the list of its parent',
  async () => {
    const locked = join(folder, 'zoo', 'locked');
    await mkdir(locked);
    await chmod(locked, 0);
    try {
      expect(await refusal(locked)).toMatchObject([
        { message: expect.stringContaining('may not be read by this user') as string },
      ]);
      expect(await listFolder(dirname(locked))).toMatchObject({ ok: true });
    } finally {
      await chmod(locked, 0o700);
    }
  },
);
