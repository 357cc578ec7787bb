import { expect, test } from 'vitest';
import { searchCommands } from './search-commands.ts';

const items = [
  { id: 'file.save', title: 'Save', group: 'File' },
  { id: 'file.save-as', title: 'Save as…', group: 'File' },
  { id: 'file.export', title: 'Export JSON', group: 'File' },
  { id: 'view.fit', title: 'Fit the graph', group: 'View' },
  { id: 'add.clip', title: 'Add CLIP ViT', group: 'Node' },
  { id: 'add.mlp', title: 'Add MLP projector', group: 'Node' },
];
const find = (typed: string, recent: readonly string[] = []): string[] =>
  searchCommands(items, typed, recent).map(({ item }) => item.id);

test('with nothing typed, what was used last comes first and the rest keeps its order', () => {
  expect(find('', ['view.fit', 'file.save-as'])).toEqual([
    'view.fit',
    'file.save-as',
    'file.save',
    'file.export',
    'add.clip',
    'add.mlp',
  ]);
});

test('words, their beginnings, initials and groups all find a command, the closest first', () => {
  expect(find('save')).toEqual(['file.save', 'file.save-as']);
  expect(find('save', ['file.save-as'])).toEqual(['file.save-as', 'file.save']);
  expect(find('ej')).toEqual(['file.export']);
  expect(find('amp')).toEqual(['add.mlp']);
  expect(find('vit')).toEqual(['add.clip']);
  expect(find('file exp')).toEqual(['file.export']);
  expect(find('node')).toEqual(['add.clip', 'add.mlp']);
  expect(find('zebra')).toEqual([]);
});

test('the letters that matched are known', () => {
  expect(searchCommands(items, 'ej', [])[0]?.marks).toEqual([0, 7]);
  expect(searchCommands(items, 'file save', [])[0]?.marks).toEqual([0, 1, 2, 3]);
});

test('text that repeats itself is not walked in every way there is', () => {
  const title = 'a '.repeat(30);
  const typed = `${'a'.repeat(24)}b`;
  expect(searchCommands([{ id: 'a', title, group: 'A' }], typed, [])).toEqual([]);
});
