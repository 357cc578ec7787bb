/** A disk that is full or read-only costs nobody what was there, and is told in a sentence. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, describe, expect, test } from 'vitest';
import type { Outcome } from '#engine/contract/outcome.ts';
import { writeDocument } from '#engine/graph/read-document.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { writeWhole } from '../system/write-whole.ts';
import { ChosenPlaces } from './chosen-places.ts';
import { LocalFiles } from './local-files.ts';
import { mountDisk, standInDisk, type ShortDisk } from './short-disk.testing.ts';

let disk: ShortDisk | null = null;
afterEach(async () => {
  await disk?.free().catch(() => undefined);
  disk?.remove();
  disk = null;
});

const titled = (title: string, words = 0) => ({
  ...sketchDocument({ prompt: ['input/prompt', { text: 'word '.repeat(words) }] }, []),
  title,
});
/** Of some ten kilobytes more than the room that is left. */
const manyWords = 8000;

const draftOf = (title: string, words = 0) => ({
  id: 'work',
  window: 'one',
  path: null,
  stamp: null,
  unsaved: true,
  document: titled(title, words),
});

async function pictureOf(side: number): Promise<{ name: string; base64: string }> {
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  const create = { width: side, height: side, channels: 3, background: 'black', noise } as const;
  const bytes = await sharp({ create }).png().toBuffer();
  return { name: 'noise.png', base64: bytes.toString('base64') };
}

const full = (path: string, remedy: string) => ({
  ok: false,
  problems: [
    {
      code: 'file-unwritable',
      message: `${path} cannot be written: the disk is full; ${remedy}.`,
    },
  ],
});
const another = 'choose another place';
const elsewhere = 'make room or give permission there, or set PATCHBAY_DATA to another folder';

/** Every file of a folder with its content. */
async function contentsOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name !== '.filler');
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  const texts = await Promise.all(paths.map((path) => readFile(path, 'latin1')));
  return new Map(paths.map((path, index) => [path, texts[index] as string]));
}

describe.each([
  ['a disk that is full', () => Promise.resolve(mountDisk())],
  ['a writer that finds no room', standInDisk],
] as const)('%s', (_kind, make) => {
  test('leaves graphs, drafts, preferences, pictures, lists and reports as they were, and tells of it', async ({
    skip,
  }) => {
    disk = await make();
    if (!disk) return skip('This test may not mount a disk.');
    const { folder } = disk;
    const data = join(folder, 'data');
    const files = new LocalFiles(data);
    const graph = join(folder, 'graph.patchbay.json');
    const report = join(folder, 'report.json');
    const before: readonly Outcome<unknown>[] = [
      await files.saveDocument({
        path: graph,
        document: titled('old'),
        stamp: null,
        overwrite: true,
      }),
      await files.keepDraft(draftOf('old')),
      await files.keepPreferences({ theme: 'dark' }),
      await files.keepPicture(await pictureOf(8)),
      await writeWhole(report, '{}'),
    ];
    expect(before.every(({ ok }) => ok)).toBe(true);
    const kept = await contentsOf(folder);

    await disk.fill();
    const document = titled('new', manyWords);
    const outcomes = {
      graph: await files.saveDocument({ path: graph, document, stamp: null, overwrite: true }),
      draft: await files.keepDraft(draftOf('new', manyWords)),
      preferences: await files.keepPreferences('long '.repeat(manyWords)),
      picture: await files.keepPicture(await pictureOf(128)),
      report: await writeWhole(report, ' '.repeat(manyWords * 5)),
    };
    expect(outcomes).toMatchObject({
      graph: full(graph, another),
      draft: full(join(data, 'drafts', 'work.json'), elsewhere),
      preferences: full(join(data, 'preferences.json'), elsewhere),
      picture: { ok: false, problems: [{ code: 'file-unwritable' }] },
      report: full(report, another),
    });
    expect(await contentsOf(folder)).toEqual(kept);

    await disk.free();
    expect(
      await files.saveDocument({ path: graph, document, stamp: null, overwrite: true }),
    ).toMatchObject({ ok: true });
    expect(await readFile(graph, 'utf8')).toBe(writeDocument(document));
    await files.close();
  });

  test('keeps the lists of recent files and of chosen folders whole, and opens and saves elsewhere all the same', async ({
    skip,
  }) => {
    disk = await make();
    if (!disk) return skip('This test may not mount a disk.');
    const elsewhereFolder = await mkdtemp(join(os.tmpdir(), 'patchbay-elsewhere-'));
    const long = 'a folder with a long name '.repeat(8);
    const graphs = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const folder = join(elsewhereFolder, `${index}`, long, long, long);
        await mkdir(folder, { recursive: true });
        const path = join(folder, 'graph.patchbay.json');
        await writeFile(path, writeDocument(titled(`Graph ${index}`)));
        return path;
      }),
    );
    const [first = '', ...others] = graphs;
    const chosen = new ChosenPlaces(disk.folder);
    const files = new LocalFiles(disk.folder, chosen);
    for (const path of others) await files.openFile(path);
    const kept = await contentsOf(disk.folder);

    await disk.fill();
    expect(await files.openFile(first)).toMatchObject({ ok: true });
    expect(await contentsOf(disk.folder)).toEqual(kept);
    // What could not be written down counts as long as this process lives.
    expect(await chosen.isChosen(first)).toBe(true);
    expect((await files.recentFiles()).map(({ title }) => title)).not.toContain('Graph 0');

    await disk.free();
    await files.openFile(first);
    expect((await new LocalFiles(disk.folder).recentFiles())[0]?.title).toBe('Graph 0');
    await rm(elsewhereFolder, { recursive: true });
  });
});

test('a read-only disk is read, told of where something is to be written, and keeps nothing else from working', async ({
  skip,
}) => {
  disk = mountDisk();
  if (!disk?.setReadOnly) return skip('This test may not mount a disk.');
  const { folder, setReadOnly } = disk;
  const data = join(folder, 'data');
  const graph = join(folder, 'graph.patchbay.json');
  const elsewherePath = await mkdtemp(join(os.tmpdir(), 'patchbay-writable-'));
  await new LocalFiles(data).keepDraft(draftOf('kept'));
  await new LocalFiles(data).keepPreferences({ theme: 'dark' });
  await writeFile(graph, writeDocument(titled('read only')));
  setReadOnly(true);

  const files = new LocalFiles(data);
  const opened = await files.openFile(graph);
  expect(opened).toMatchObject({ ok: true });
  expect((await files.drafts()).map(({ document }) => document.title)).toEqual(['kept']);
  expect(await files.preferences()).toEqual({ theme: 'dark' });
  const document = titled('new');
  const save = (path: string) =>
    files.saveDocument({ path, document, stamp: null, overwrite: true });
  expect([await save(graph), await files.keepDraft(draftOf('new'))]).toMatchObject(
    [graph, join(data, 'drafts', 'work.json')].map((path) => ({
      problems: [
        {
          message: expect.stringContaining(
            `${path} cannot be written: the disk is read-only;`,
          ) as string,
        },
      ],
    })),
  );
  expect(await save(join(elsewherePath, 'graph.patchbay.json'))).toMatchObject({ ok: true });
  expect(await readFile(graph, 'utf8')).toBe(writeDocument(titled('read only')));
  setReadOnly(false);
  await rm(elsewherePath, { recursive: true });
});
