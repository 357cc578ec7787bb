/** A file that the system hands over reaches the page, whenever that is ready. */
import { expect, test } from 'vitest';
import { graphPathsIn, WaitingFiles } from './opened-files.ts';

test('Graphs are picked out of the arguments of a start', () => {
  const argv = ['/opt/electron', '/opt/patchbay', '--no-sandbox', 'a.patchbay.json', '/b/C.JSON'];
  expect(graphPathsIn(argv, '/data')).toEqual(['/data/a.patchbay.json', '/b/C.JSON']);
});

test('Files wait until the page listens, and again while it loads anew', () => {
  const files = new WaitingFiles();
  const seen: string[] = [];
  files.give('/a.json');
  files.listen((path) => seen.push(`first page ${path}`));
  files.give('/b.json');
  files.pause();
  files.give('/c.json');
  files.listen((path) => seen.push(`second page ${path}`));
  expect(seen).toEqual(['first page /a.json', 'first page /b.json', 'second page /c.json']);
});
