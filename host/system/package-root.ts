/** Where Patchbay itself lies, built or not: the folder whose package.json is ours. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(): { folder: string; version: string } {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as {
        name?: string;
        version: string;
      };
      if (name === 'patchbay') return { folder, version };
    }
    const parent = dirname(folder);
    if (parent === folder) throw new Error('Patchbay lies outside its own package.');
    folder = parent;
  }
}

const root = findRoot();

export const packageRoot = root.folder;
export const packageVersion = root.version;
export const presetsFolder = join(root.folder, 'presets');
/** What the gallery says of the presets, as the build reckoned it. */
export const summariesFile = join(root.folder, 'dist', 'presets.json');

/** Is it in the archive that the desktop app is packed in? Electron makes up inodes and times of what is in there. */
export const isInArchive = (path: string): boolean =>
  basename(packageRoot) === 'app.asar' && path.startsWith(packageRoot + sep);
