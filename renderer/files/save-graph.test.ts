/** Graphs are saved to a real disk; what the person answers in the window's dialog is the test's. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import type { Services } from '#engine/contract/router.ts';
import type { Shell } from '#engine/contract/shell.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { LocalFiles } from '#host/files/local-files.ts';
import { layLine } from '#renderer/connection/page-line.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-save-'));
const files = new LocalFiles(join(folder, 'data'));
let chosen = '';
const shell: Pick<Shell, 'chooseFileToSave'> = {
  chooseFileToSave: () => Promise.resolve(chosen),
};
vi.stubGlobal('window', { patchbayShell: shell });
vi.stubGlobal('sessionStorage', { getItem: () => 'known' });
vi.stubGlobal('fetch', layLine({ host: {}, files } as unknown as Services).globals.fetch);
afterAll(async () => {
  vi.unstubAllGlobals();
  await rm(folder, { recursive: true });
});

const { saveAs } = await import('./save-graph.ts');
const { activeDocument, edit, emptyGraph, openDocument, workspace } =
  await import('#renderer/workspace/workspace-store.ts');

beforeEach(() => workspace.setState(workspace.getInitialState(), true));

const graph = sketchDocument({ prompt: ['input/prompt', { text: '' }], answer: ['output/answer'] });
const preset = { ...graph, title: 'LLaVA-1.5: 7B' };

const path = (name: string): string => join(folder, `${name}.patchbay.json`);

async function saveAsNamed(id: string, name: string): Promise<boolean> {
  chosen = path(name);
  return saveAs(id);
}

/** What the tab says, once with the file and once with the list of recent files. */
async function titles(): Promise<readonly (string | undefined)[]> {
  const open = activeDocument(workspace.getState());
  const written = open?.file ? await readFile(open.file.path, 'utf8') : '{}';
  const [recent] = await files.recentFiles();
  return [open?.document.title, (JSON.parse(written) as { title?: string }).title, recent?.title];
}

const rename = (title: string): boolean => edit('Rename', [{ type: 'set-graph-title', title }]);
const all = (title: string): readonly string[] => [title, title, title];

test('a graph whose title nobody wrote is called by its file, wherever it is saved next', async () => {
  const ids = [
    openDocument(emptyGraph),
    openDocument(preset),
    openDocument({ ...graph, title: '' }),
  ];
  for (const [place, id] of ids.entries()) {
    workspace.setState({ activeId: id });
    for (const name of [`mine ${place}`, `mine ${place} again`]) {
      expect(await saveAsNamed(id, name)).toBe(true);
      expect(await titles()).toEqual(all(name));
    }
  }
});

test('a title that a person wrote stays, whatever the file is called', async () => {
  const id = openDocument(preset);
  rename('A study of width');
  for (const name of ['one', 'two']) {
    await saveAsNamed(id, name);
    expect(await titles()).toEqual(all('A study of width'));
  }
  // One whose title was another than its file's when it was opened, or kept, was named by somebody too.
  const named = openDocument(preset, { id: 'kept', wasTitled: true });
  await saveAsNamed(named, 'three');
  expect(await titles()).toEqual(all('LLaVA-1.5: 7B'));
});

test('a file that is called as the title suggests says the whole title', async () => {
  const id = openDocument(preset);
  await saveAsNamed(id, 'LLaVA-1.5- 7B');
  expect(await titles()).toEqual(all('LLaVA-1.5: 7B'));
  await saveAsNamed(id, 'a copy');
  expect(await titles()).toEqual(all('a copy'));
});

test('a save that fails names nothing', async () => {
  await mkdir(path('a folder'));
  const id = openDocument(preset);
  const before = activeDocument(workspace.getState());
  expect(await saveAsNamed(id, 'a folder')).toBe(false);
  expect(activeDocument(workspace.getState())).toEqual(before);
  await saveAsNamed(id, 'at last');
  expect(await titles()).toEqual(all('at last'));
});
