/** Within a room, no two folders and no two files lean on each other, be it over others; a type is an import too. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const project = join(import.meta.dirname, '..');
const rooms = z
  .object({ references: z.array(z.object({ path: z.string() })) })
  .parse(JSON.parse(await readFile(join(project, 'tsconfig.json'), 'utf8')))
  .references.map(({ path }) => path.replace('./', ''));

/** Who imports, and what; files are named from the project's folder. */
type Import = readonly [from: string, to: string];

describe.each(rooms)('%s', (room) => {
  it('has no circle of folders', async () => {
    expect(closers(foldersOf(await importsOf(room)))).toEqual([]);
  });

  it('has no circle of files', async () => {
    expect(closers(await importsOf(room))).toEqual([]);
  });
});

it('finds what closes a circle, and nothing that only leads to one', () => {
  const found = closers([
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'a'],
    ['start', 'a'],
    ['c', 'end'],
  ]);
  expect(found).toEqual([
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'a'],
  ]);
});

it('reads imports of values, of types and in passing, and passes over packages and other rooms', () => {
  const text = [
    `import { a, type A } from './a.ts';`,
    `import type {\n  B,\n} from '../plan/b.ts';`,
    `import './style.css';`,
    `export type { C } from '#engine/graph/c.ts';`,
    `const d = await import('./d.ts');`,
    `import { z } from 'zod';`,
    `import { host } from '#host/system/machine.ts';`,
  ].join('\n');
  expect(importsIn('engine/graph/x.ts', text)).toEqual([
    'engine/graph/a.ts',
    'engine/plan/b.ts',
    'engine/graph/style.css',
    'engine/graph/c.ts',
    'engine/graph/d.ts',
  ]);
});

/** Everything that the shipped files of a room import from the same room. */
async function importsOf(room: string): Promise<readonly Import[]> {
  const files = (await readdir(join(project, room), { recursive: true }))
    .filter((name) => /\.(tsx?|mjs)$/.test(name) && !/\.(test|testing|spec)\./.test(name))
    // What a bench of its own installs is not ours.
    .filter((name) => !/[\\/]node_modules[\\/]/.test(name))
    .map((name) => `${room}/${name.replaceAll('\\', '/')}`);
  const imports = files.map(async (file) => {
    const text = await readFile(join(project, file), 'utf8');
    return importsIn(file, text).map((imported): Import => [file, imported]);
  });
  return (await Promise.all(imports)).flat();
}

function importsIn(file: string, text: string): readonly string[] {
  const room = `${file.split('/')[0]}/`;
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*'([#.][^']+)'/g)]
    .map(([, name = '']) => name)
    .map((name) => (name.startsWith('#') ? name.slice(1) : normalize(`${dirname(file)}/${name}`)))
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.startsWith(room));
}

function foldersOf(imports: readonly Import[]): readonly Import[] {
  return imports
    .map(([from, to]): Import => [dirname(from), dirname(to)])
    .filter(([from, to]) => from !== to);
}

/** Those imports from whose end a way leads back to their start, each once. */
function closers(imports: readonly Import[]): readonly Import[] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of imports) next.set(from, (next.get(from) ?? new Set()).add(to));
  const closes = ([start, end]: Import): boolean => {
    const reached = new Set([end]);
    for (const here of reached) for (const there of next.get(here) ?? []) reached.add(there);
    return reached.has(start);
  };
  return [...next]
    .flatMap(([from, all]) => [...all].map((to): Import => [from, to]))
    .filter(closes);
}
