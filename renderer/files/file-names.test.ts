import { expect, test } from 'vitest';
import {
  baseName,
  fileNameOf,
  folderOf,
  joinPath,
  nameProblem,
  titleOfFile,
  withExtension,
} from './file-names.ts';

test('a title becomes a name that every system takes', () => {
  expect(
    ['LLaVA-Phi', 'a/b: "c"?', '  ', '...', 'con', 'Überblick der Fälle. '].map(fileNameOf),
  ).toEqual([
    'LLaVA-Phi.patchbay.json',
    'a-b- -c--.patchbay.json',
    'graph.patchbay.json',
    'graph.patchbay.json',
    'graph con.patchbay.json',
    'Überblick der Fälle.patchbay.json',
  ]);
  expect(fileNameOf('模'.repeat(200)).length).toBeLessThan(100);
  for (const title of ['a/b: "c"?', '..', 'nul.x', '\u0007'])
    expect(nameProblem(fileNameOf(title))).toBeNull();
});

test('a typed name gets the extension once', () => {
  expect(['flow', 'flow.json', ' flow.patchbay.json ', 'v1.5'].map(withExtension)).toEqual([
    'flow.patchbay.json',
    'flow.patchbay.json',
    'flow.patchbay.json',
    'v1.5.patchbay.json',
  ]);
  expect(nameProblem('a/b')).toMatch(/slash/);
  expect(nameProblem(' ')).toBe('Type a name.');
});

test('paths of both kinds of systems come apart and together again', () => {
  expect([baseName('/a/b.json'), baseName('C:\\a\\b.json'), baseName('/a/b/')]).toEqual([
    'b.json',
    'b.json',
    'b',
  ]);
  expect(['/a/b.json', '/b.json', 'C:\\a\\b.json', 'C:\\b.json'].map(folderOf)).toEqual([
    '/a',
    '/',
    'C:\\a',
    'C:\\',
  ]);
  for (const path of ['/a/b.json', '/b.json', 'C:\\a\\b.json', 'C:\\b.json'])
    expect(joinPath(folderOf(path), baseName(path))).toBe(path);
  expect(titleOfFile('/a/My flow.patchbay.json')).toBe('My flow');
  expect(titleOfFile('/a/other.json')).toBe('other');
});
