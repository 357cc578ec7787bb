/** What is in a folder, for a page that lets the user choose a file or a model in it. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, normalize } from 'node:path';
import { documentExtension } from '#engine/contract/document.ts';
import { fileLimits, type FolderEntry, type FolderListing } from '#engine/contract/file-service.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { findPlaces } from './places.ts';

const pictureExtensions: ReadonlySet<string> = new Set([
  '.png',
  '.jpg',
  '.jpeg',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
]);

/** Files that are asked about at once. */
const batchSize = 64;

const byName = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** Fails with `file-unreadable`. */
export async function listFolder(given: string): Promise<Outcome<FolderListing>> {
  if (!isAbsolute(given) || given.includes('\0')) {
    const message = `"${given}" does not say where it begins; write the whole path.`;
    return fail(error('file-unreadable', message));
  }
  const path = withoutEnd(normalize(given));
  let names: readonly Dirent[];
  try {
    names = await readdir(path, { withFileTypes: true });
  } catch (cause) {
    return fail(error('file-unreadable', openingProblem(path, cause)));
  }
  const shown = await visible(path, names);
  const entries = await describe(path, shown.slice(0, fileLimits.folderEntries));
  return ok({
    path,
    parent: dirname(path) === path ? null : dirname(path),
    trail: trailOf(path),
    entries: entries.toSorted(folderFirst),
    shortened: shown.length > fileLimits.folderEntries,
    places: await findPlaces(),
  });
}

function openingProblem(path: string, cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  switch (code) {
    case 'ENOENT':
      return `There is no folder ${path}; choose another.`;
    case 'ENOTDIR':
      return `${path} is not a folder; choose the one that it is in.`;
    case 'EACCES':
    case 'EPERM':
      return `The folder ${path} may not be read by this user; allow it, or choose another.`;
    default:
      return `The folder ${path} cannot be read (${code}); choose another.`;
  }
}

interface Shown {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Folders first, then by name; neither hidden ones nor what is no file. */
async function visible(folder: string, names: readonly Dirent[]): Promise<readonly Shown[]> {
  const shown: Shown[] = [];
  const links: Dirent[] = [];
  for (const entry of names) {
    if (entry.name.startsWith('.')) continue;
    if (entry.isSymbolicLink()) links.push(entry);
    else if (entry.isDirectory() || entry.isFile())
      shown.push({ name: entry.name, isFolder: entry.isDirectory() });
  }
  const ends = await inBatches(links, ({ name }) => stat(join(folder, name)).catch(() => null));
  for (const [index, { name }] of links.entries()) {
    const end = ends[index];
    if (end?.isDirectory() || end?.isFile()) shown.push({ name, isFolder: end.isDirectory() });
  }
  return shown.toSorted(
    (a, b) => Number(b.isFolder) - Number(a.isFolder) || byName.compare(a.name, b.name),
  );
}

async function describe(folder: string, shown: readonly Shown[]): Promise<readonly FolderEntry[]> {
  const entries = await inBatches(shown, async ({ name, isFolder }) => {
    const path = join(folder, name);
    const facts = await stat(path).catch(() => null);
    // It went while we looked.
    if (!facts) return null;
    const kind: FolderEntry['kind'] = isFolder ? await folderKind(path) : fileKind(name);
    const sizeBytes = isFolder ? 0 : facts.size;
    return { name, path, kind, sizeBytes, modifiedAt: facts.mtime.toISOString() };
  });
  return entries.filter((entry) => entry !== null);
}

async function folderKind(path: string): Promise<'folder' | 'checkpoint'> {
  const config = await stat(join(path, 'config.json')).catch(() => null);
  if (!config?.isFile()) return 'folder';
  const names = await readdir(path).catch(() => []);
  return names.some((name) => name.endsWith('.safetensors')) ? 'checkpoint' : 'folder';
}

function fileKind(name: string): 'graph' | 'picture' | 'file' {
  const lower = name.toLowerCase();
  if (lower.endsWith(documentExtension)) return 'graph';
  return pictureExtensions.has(extname(lower)) ? 'picture' : 'file';
}

const isFolderEntry = ({ kind }: FolderEntry): boolean =>
  kind === 'folder' || kind === 'checkpoint';

function folderFirst(a: FolderEntry, b: FolderEntry): number {
  return Number(isFolderEntry(b)) - Number(isFolderEntry(a)) || byName.compare(a.name, b.name);
}

function trailOf(path: string): FolderListing['trail'] {
  const parent = dirname(path);
  if (parent === path) return [{ name: path, path }];
  return [...trailOf(parent), { name: basename(path), path }];
}

function withoutEnd(path: string): string {
  return dirname(path) === path ? path : path.replace(/[/\\]+$/, '');
}

async function inBatches<Item, Result>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += batchSize)
    results.push(...(await Promise.all(items.slice(start, start + batchSize).map(ask))));
  return results;
}
