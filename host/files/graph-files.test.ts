/** Graphs are opened and saved without ever writing over what the user has not seen. */
import { execFileSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { documentLimits, type GraphDocument } from '#engine/contract/document.ts';
import type { SaveRequest } from '#engine/contract/file-service.ts';
import type { Outcome } from '#engine/contract/outcome.ts';
import { writeDocument } from '#engine/graph/read-document.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { LocalFiles } from './local-files.ts';

const root = await mkdtemp(join(os.tmpdir(), 'patchbay-graph-files-'));
afterAll(() => rm(root, { recursive: true }));

let folder: string;
let path: string;
let files: LocalFiles;
let count = 0;

beforeEach(async () => {
  folder = join(root, String(count++));
  await mkdir(folder);
  path = join(folder, 'one.patchbay.json');
  files = new LocalFiles(join(folder, 'data'));
});

const titled = (title: string): GraphDocument => ({ ...sketchDocument({}, []), title });

function valueOf<Value>(outcome: Outcome<Value>): Value {
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  return outcome.value;
}

const save = (document: GraphDocument, request: Partial<SaveRequest> = {}) =>
  files.saveDocument({ path, document, stamp: null, overwrite: false, ...request });

const onDisk = (): Promise<string> => readFile(path, 'utf8');

describe('saving', () => {
  test('goes on from what was opened or saved last, in two windows alike', async () => {
    const first = valueOf(await save(titled('first')));
    expect(first).toEqual({ path, folder, stamp: first.stamp });
    const opened = valueOf(await files.openFile(path));
    expect(opened).toEqual({ ...first, text: writeDocument(titled('first')) });
    const second = valueOf(await save(titled('second'), { stamp: opened.stamp }));

    // The other window still has the first state.
    const refused = await save(titled('other'), { stamp: first.stamp });
    expect(refused).toMatchObject({
      ok: false,
      problems: [
        {
          code: 'file-changed',
          message: `${path} was changed by another program or window since it was opened; open it again, save under another name, or replace it.`,
        },
      ],
    });
    expect(await onDisk()).toBe(writeDocument(titled('second')));
    valueOf(await save(titled('other'), { stamp: first.stamp, overwrite: true }));
    expect(await save(titled('third'), { stamp: second.stamp })).toMatchObject({
      problems: [{ code: 'file-changed' }],
    });
    expect(await onDisk()).toBe(writeDocument(titled('other')));
  });

  test('a new graph takes no other file’s place', async () => {
    await writeFile(path, 'a diary');
    expect(await save(titled('new'))).toMatchObject({ problems: [{ code: 'file-exists' }] });
    expect(await onDisk()).toBe('a diary');
    valueOf(await save(titled('new'), { overwrite: true }));
    expect(await onDisk()).toBe(writeDocument(titled('new')));
  });

  test('once more, because the answer was lost, is no conflict', async () => {
    const first = valueOf(await save(titled('same')));
    expect(valueOf(await save(titled('same')))).toEqual(first);
    expect(valueOf(await save(titled('same'), { stamp: 'older' }))).toEqual(first);
  });

  test('from two windows at once lets one of them win and tells the other', async () => {
    const { stamp } = valueOf(await save(titled('start')));
    const outcomes = await Promise.all(
      ['a', 'b', 'c'].map((title) => save(titled(title), { stamp })),
    );
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, false]);
    expect(await onDisk()).toBe(writeDocument(titled('a')));
  });

  test('is done before the process that saves may end', async () => {
    const saved = save(titled('just in time'));
    const drafted = files.keepDraft({
      id: 'draft',
      window: 'one',
      path,
      stamp: null,
      unsaved: true,
      document: titled('draft'),
    });
    await files.close();
    expect(await onDisk()).toBe(writeDocument(titled('just in time')));
    expect(await readdir(join(folder, 'data', 'drafts'))).toEqual(['draft.json']);
    expect([await saved, await drafted]).toMatchObject([{ ok: true }, { ok: true }]);
  });

  test('writes a file that has vanished anew', async () => {
    const { stamp } = valueOf(await save(titled('here')));
    await rm(path);
    expect(await save(titled('again'), { stamp })).toMatchObject({ ok: true });
  });

  test.skipIf(process.platform === 'win32')(
    'keeps links links and permissions as they are',
    async () => {
      const target = join(folder, 'target.json');
      await writeFile(target, writeDocument(titled('old')));
      await chmod(target, 0o640);
      await symlink('target.json', path);
      const { stamp } = valueOf(await files.openFile(path));
      valueOf(await save(titled('new'), { stamp }));
      expect((await lstat(path)).isSymbolicLink()).toBe(true);
      expect(await readFile(target, 'utf8')).toBe(writeDocument(titled('new')));
      expect((await stat(target)).mode & 0o777).toBe(0o640);
      expect((await readdir(folder)).toSorted()).toEqual([
        'data',
        'one.patchbay.json',
        'target.json',
      ]);
    },
  );

  test.skipIf(process.getuid?.() === 0)('leaves a read-only file alone', async () => {
    const { stamp } = valueOf(await save(titled('kept')));
    await chmod(path, 0o444);
    expect(await save(titled('new'), { stamp })).toMatchObject({
      problems: [{ code: 'file-unwritable' }],
    });
    expect(await onDisk()).toBe(writeDocument(titled('kept')));
  });

  test('writes only what is called a graph, or is one already', async () => {
    const foreign = join(folder, 'package.json');
    const refused = {
      problems: [
        {
          code: 'file-unwritable',
          message: `${foreign} is not the name of a graph; save it under a name that ends in .patchbay.json.`,
        },
      ],
    };
    expect(await save(titled('new'), { path: foreign, overwrite: true })).toMatchObject(refused);
    await writeFile(foreign, '{"name": "another program"}');
    expect(await save(titled('new'), { path: foreign, overwrite: true })).toMatchObject(refused);
    expect(await readFile(foreign, 'utf8')).toBe('{"name": "another program"}');

    await writeFile(foreign, writeDocument(titled('a graph by another name')));
    const { stamp } = valueOf(await files.openFile(foreign));
    valueOf(await save(titled('saved again'), { path: foreign, stamp }));
    expect(await readFile(foreign, 'utf8')).toBe(writeDocument(titled('saved again')));
  });

  test.skipIf(process.platform === 'win32')(
    'onto a pipe is refused, and neither later saves nor the end wait for it',
    async () => {
      execFileSync('mkfifo', [path]);
      for (const overwrite of [false, true])
        expect(await save(titled('lost'), { overwrite })).toMatchObject({
          problems: [{ code: 'file-unwritable' }],
        });
      valueOf(await save(titled('kept'), { path: join(folder, 'two.patchbay.json') }));
      await files.close();
      expect((await lstat(path)).isFIFO()).toBe(true);
    },
  );

  test('says why a place is none to save at', async () => {
    const refusal = async (place: string): Promise<unknown> => {
      const outcome = await save(titled('lost'), { path: place });
      return outcome.ok ? null : outcome.problems[0]?.message;
    };
    const taken = join(folder, 'folder.patchbay.json');
    await mkdir(taken);
    expect(await refusal(taken)).toBe(
      `${taken} cannot be written: it is a folder; choose another place.`,
    );
    await rm(taken, { recursive: true });
    const nowhere = join(folder, 'nowhere', 'x.patchbay.json');
    expect(await refusal(nowhere)).toBe(
      `${nowhere} cannot be written: there is no such folder; choose another place.`,
    );
    expect(await refusal('x.json')).toContain('does not say which folder it is in');
    const note = { text: '€'.repeat(documentLimits.aboutCharacters), x: 0, y: 0 };
    const large = { ...titled('large'), notes: Array.from({ length: 600 }, () => note) };
    expect(await save(large)).toMatchObject({ problems: [{ code: 'file-too-large' }] });
    expect(await readdir(folder)).toEqual(['data']);
  });
});

describe('opening', () => {
  const refusal = async (given = path): Promise<unknown> => {
    const outcome = await files.openFile(given);
    return outcome.ok ? null : outcome.problems[0]?.message;
  };

  test('gives the text of a graph as it is', async () => {
    const text = `\uFEFF${JSON.stringify(titled('marked'))}`;
    await writeFile(path, text);
    expect(valueOf(await files.openFile(path)).text).toBe(text);
  });

  test.for([
    ['other JSON', '{"secret": "xyzzy"}', 'is not a Patchbay graph'],
    ['plain text', 'xyzzy: a secret', 'is not valid JSON; choose'],
    [
      'a graph that is none',
      '{"format": "patchbay", "version": 1, "secret": "xyzzy"}',
      'is invalid',
    ],
  ])('gives nothing of %s, and lists it nowhere', async ([, text = '', why]) => {
    await writeFile(path, text);
    const opened = await files.openFile(path);
    expect(opened).toMatchObject({ ok: false });
    expect(await refusal()).toMatch(/^one\.patchbay\.json: /);
    expect(await refusal()).toContain(why);
    expect(JSON.stringify(opened)).not.toContain('xyzzy');
    expect(await files.recentFiles()).toEqual([]);
  });

  test('says why a file cannot be opened', async () => {
    const elsewhere = 'choose a *.patchbay.json file';
    expect(await refusal()).toBe(`There is no file ${path} any more; ${elsewhere}.`);
    expect(await refusal(folder)).toBe(`${folder} is a folder; ${elsewhere}.`);
    expect(await refusal('one.patchbay.json')).toContain('does not say which folder it is in');
    await writeFile(path, ' \n');
    expect(await refusal()).toBe(`${path} is empty; ${elsewhere}.`);
    await writeFile(path, Buffer.from('{"title": "Größe"}', 'latin1'));
    expect(await refusal()).toMatch(/is not text in UTF-8; choose/);
    await truncate(path, documentLimits.bytes + 1);
    expect(await files.openFile(path)).toMatchObject({ problems: [{ code: 'file-too-large' }] });
  });

  test.skipIf(process.platform === 'win32')('does not wait at a device', async () => {
    expect(await refusal('/dev/zero')).toContain('is a device or a pipe');
  });
});

describe('recent files', () => {
  const titles = async () => (await files.recentFiles()).map(({ title }) => title);

  test('are those opened or saved last, once each, and are still known to the next launch', async () => {
    const paths = ['a', 'b', 'c'].map((name) => join(folder, `${name}.patchbay.json`));
    for (const [index, place] of paths.entries())
      valueOf(await save(titled(index === 1 ? '' : `Graph ${index}`), { path: place }));
    expect(await titles()).toEqual(['Graph 2', 'b', 'Graph 0']);
    const openedAt = Date.now();
    valueOf(await files.openFile(paths[0] as string));
    files = new LocalFiles(join(folder, 'data'));
    expect(await titles()).toEqual(['Graph 0', 'Graph 2', 'b']);
    await files.forgetRecentFile(paths[2] as string);
    await rm(paths[1] as string);
    expect(await titles()).toEqual(['Graph 0']);
    const [last] = await files.recentFiles();
    expect(Date.parse(last?.usedAt ?? '')).toBeGreaterThanOrEqual(openedAt);
    expect(valueOf(await files.listFolder(null)).path).toBe(folder);
  });

  test('stand in the order of their use, also where the clock has jumped', async () => {
    const paths = ['a', 'b', 'c'].map((name) => join(folder, `${name}.patchbay.json`));
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      for (const [index, year] of [2031, 2009, 2027].entries()) {
        vi.setSystemTime(new Date(year, 0));
        valueOf(await save(titled(`Graph ${year}`), { path: paths[index] as string }));
      }
    } finally {
      vi.useRealTimers();
    }
    expect(await titles()).toEqual(['Graph 2027', 'Graph 2009', 'Graph 2031']);
  });

  test('are twenty at most, also where many come at once', async () => {
    await Promise.all(
      Array.from({ length: 25 }, (_, index) =>
        save(titled(`Graph ${index}`), { path: join(folder, `${index}.patchbay.json`) }),
      ),
    );
    expect(await titles()).toHaveLength(20);
  });

  test('begin anew where the list is broken, which is kept aside', async () => {
    const data = join(folder, 'data');
    await mkdir(data);
    await writeFile(join(data, 'recent-files.json'), '[{"path": 7}]');
    expect(await titles()).toEqual([]);
    valueOf(await save(titled('New')));
    expect(await titles()).toEqual(['New']);
    expect(await readFile(join(data, 'recent-files.json.broken'), 'utf8')).toBe('[{"path": 7}]');
  });
});

test('preferences are null at first, then what was kept last', async () => {
  expect(await files.preferences()).toBeNull();
  valueOf(await files.keepPreferences({ theme: 'dark', panels: [1, 2] }));
  files = new LocalFiles(join(folder, 'data'));
  expect(await files.preferences()).toEqual({ theme: 'dark', panels: [1, 2] });
  await writeFile(join(folder, 'data', 'preferences.json'), '{"theme": ');
  expect(await files.preferences()).toBeNull();
  expect(await readdir(join(folder, 'data'))).toEqual(['preferences.json.broken']);
});

test('a data folder that cannot be made is told, and nothing else fails for it', async () => {
  await writeFile(join(folder, 'data'), 'in the way');
  expect(await files.keepPreferences(1)).toMatchObject({ problems: [{ code: 'file-unwritable' }] });
  valueOf(await save(titled('saved')));
  expect(await files.recentFiles()).toEqual([]);
  expect(await files.drafts()).toEqual([]);
});
