import { expect, test } from 'vitest';
import type { FolderEntry } from '#engine/contract/file-service.ts';
import { enterMeans, entryNamed, shownEntries, typedPathMeans } from './folder-entries.ts';

const entry = (name: string, kind: FolderEntry['kind']): FolderEntry => ({
  name,
  kind,
  path: `/data/${name}`,
  sizeBytes: 1,
  modifiedAt: '2026-01-01T00:00:00.000Z',
});
const entries = [
  entry('clip', 'checkpoint'),
  entry('photos', 'folder'),
  entry('a-flow.patchbay.json', 'graph'),
  entry('flow.json', 'file'),
  entry('cat.png', 'picture'),
  entry('notes.pdf', 'file'),
  entry('walk.gif', 'picture'),
  entry('talk.MP4', 'file'),
];
const names = (purpose: Parameters<typeof shownEntries>[1], typed = ''): string[] =>
  shownEntries(entries, purpose, typed).entries.map(({ name }) => name);

test('a dialog shows folders and what it was asked for, and says how much it leaves out', () => {
  expect(names('open-graph')).toEqual(['clip', 'photos', 'a-flow.patchbay.json', 'flow.json']);
  expect(names('picture')).toEqual(['clip', 'photos', 'cat.png', 'walk.gif']);
  expect(names('clip')).toEqual(['clip', 'photos', 'walk.gif', 'talk.MP4']);
  expect(names('folder')).toEqual(['clip', 'photos']);
  expect(shownEntries(entries, 'folder', '').leftOut).toBe(6);
});

test('typing keeps what holds the word, the names that begin with it first', () => {
  expect(names('open-graph', 'FLOW')).toEqual(['flow.json', 'a-flow.patchbay.json']);
  expect(names('open-graph', 'zebra')).toEqual([]);
});

test('a checkpoint is taken where a folder is asked for, and entered where a file is', () => {
  const [checkpoint, folder] = entries as [FolderEntry, FolderEntry];
  expect([enterMeans(checkpoint, 'folder'), enterMeans(checkpoint, 'picture')]).toEqual([
    'choose',
    'go',
  ]);
  expect(enterMeans(folder, 'folder')).toBe('go');
  expect(
    ['/data/talk.mp4', '/data/talk.ts', '/data/frames'].map((path) => typedPathMeans(path, 'clip')),
  ).toEqual(['choose', 'choose', 'go']);
});

test('a name in other letters may be the same file', () => {
  expect(entryNamed(entries, 'Flow.JSON')?.name).toBe('flow.json');
  expect(entryNamed(entries, 'new.json')).toBeUndefined();
});
