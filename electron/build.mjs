/** Bundles the desktop app and its starter into dist/electron, when their sources are newer than the last bundle. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  buildOutputIfStale,
  bundlePrograms,
  dist,
  isProgramSource,
  programsLast,
  root,
} from '../host/bin/build-output.mjs';

const programs = {
  main: 'electron/main.ts',
  'server-process': 'electron/server-process.ts',
  start: 'electron/start/start.ts',
  'fetch-report': 'electron/start/fetch-report.ts',
};
/** A sandboxed preload is a CommonJS file that imports nothing but Electron. */
const preload = 'electron/preload.ts';
const icon = 'electron/icons/icon.png';

const output = {
  folder: join(dist, 'electron'),
  sources: ['engine', 'nodes', 'host', 'electron'],
  isSource: (name) => isProgramSource(name) || name.endsWith('.png'),
  files: ['package.json'],
  write,
  place: programsLast(programs),
};

async function write(beside) {
  await bundlePrograms(programs, { dir: beside });
  await bundlePrograms({ preload }, { dir: beside, format: 'cjs', entryFileNames: '[name].cjs' });
  copyFileSync(join(root, icon), join(beside, 'icon.png'));
}

export async function buildElectronIfStale() {
  await buildOutputIfStale(output);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildElectronIfStale();
