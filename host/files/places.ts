/** Where people keep files on this machine. */
import { readdir, stat } from 'node:fs/promises';
import os from 'node:os';
import { basename, join } from 'node:path';
import type { FolderListing } from '#engine/contract/file-service.ts';

type Place = FolderListing['places'][number];

/** Those of the usual folders and drives that exist. */
export async function findPlaces(): Promise<readonly Place[]> {
  const home = os.homedir();
  const usual = ['Documents', 'Downloads', 'Desktop', 'Pictures'].map((name) => ({
    name,
    path: join(home, name),
  }));
  const candidates = [{ name: 'Home', path: home }, ...usual, ...(await drives())];
  const found = await Promise.all(candidates.map(({ path }) => isFolder(path)));
  return candidates.filter((_, index) => found[index]);
}

async function drives(): Promise<readonly Place[]> {
  if (process.platform === 'win32') {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
    return letters.map((letter) => ({ name: `${letter}:`, path: `${letter}:\\` }));
  }
  const mounts =
    process.platform === 'darwin'
      ? ['/Volumes']
      : ['/media', '/run/media'].map((folder) => join(folder, os.userInfo().username));
  const mounted = await Promise.all(mounts.map(subfolders));
  return [...mounted.flat(), { name: 'Computer', path: '/' }];
}

async function subfolders(folder: string): Promise<readonly Place[]> {
  const names = await readdir(folder).catch(() => []);
  return names.map((name) => join(folder, name)).map((path) => ({ name: basename(path), path }));
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
