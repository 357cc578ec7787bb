/** Bundles the host's programs, and the page, into dist/, when their sources are newer than the last bundle. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import {
  buildOutputIfStale,
  bundlePrograms,
  dist,
  isProgramSource,
  programsLast,
  root,
} from './build-output.mjs';
import { packagesOf } from './third-party.mjs';

const programs = {
  patchbay: 'host/bin/main.ts',
  'engine-process': 'host/engine/engine-process.ts',
  'check-process': 'host/check-process.ts',
  'calibration-process': 'host/calibration/calibration-process.ts',
  'verify-process': 'verify/process/verify-process.ts',
  publish: 'host/bin/publish.ts',
  'bench-language-model': 'bench/language-model.ts',
  'bench-accuracy': 'bench/accuracy.ts',
  'bench-drafts': 'bench/drafts.ts',
  'bench-prefill-memory': 'bench/prefill-memory.ts',
  'bench-peers': 'bench/peers.ts',
  'bench-vision': 'bench/vision.ts',
  'bench-presets': 'bench/presets.ts',
  'bench-estimate': 'bench/estimate.ts',
  fuzz: 'trials/fuzz/fuzz.ts',
  'fuzz-process': 'trials/fuzz/fuzz-process.ts',
  soak: 'trials/soak/soak.ts',
};
const pageConfiguration = join(root, 'vite.config.ts');

/** Whose work the programs contain; the page shows it with its own. */
const bundledPackages = 'third-party.json';

/** What is built, from what, and in which order its files take the place of the old ones. */
const programOutput = {
  folder: join(dist, 'host'),
  sources: ['engine', 'nodes', 'host', 'verify', 'bench', 'trials', 'presets'],
  isSource: (name, folder) =>
    folder === 'presets' ? name.endsWith('.patchbay.json') : isProgramSource(name),
  files: ['package.json'],
  write: writePrograms,
  place: programsLast(programs),
};
const pageOutput = {
  folder: join(dist, 'renderer'),
  sources: ['engine', 'nodes', 'renderer'],
  isSource: (name, folder) => folder === 'renderer' || isProgramSource(name),
  files: [
    'package.json',
    'package-lock.json',
    'vite.config.ts',
    'host/bin/third-party.mjs',
    `dist/host/${bundledPackages}`,
  ],
  write: writePage,
  // What the page names before the page.
  place: (name) => (name === 'index.html' ? 1 : 0),
};

async function writePrograms(beside) {
  const modules = await bundlePrograms(programs, { dir: beside });
  writeFileSync(join(beside, bundledPackages), JSON.stringify(packagesOf(modules)));
  await import(join(beside, 'publish.js'));
}

async function writePage(beside) {
  const vite = await import('vite');
  const { NODE_ENV: environment } = process.env;
  // Whoever starts the build, the page is the same.
  process.env.NODE_ENV = 'production';
  try {
    await vite.build({
      configFile: pageConfiguration,
      logLevel: 'silent',
      build: { outDir: beside, emptyOutDir: true },
    });
  } catch (cause) {
    throw new Error(buildMistake(cause), { cause });
  } finally {
    if (environment === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = environment;
  }
}

/** The first mistake of a build and its place on one line, without the drawing of the code around it. */
function buildMistake(cause) {
  const { message } = cause.errors?.[0] ?? cause;
  const lines = stripVTControlCharacters(String(message))
    .replaceAll(/[\u2500-\u257f]/g, '')
    .split('\n')
    .map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .slice(0, 2)
    .join(' ');
}

/** The programs that a command line needs. */
export async function buildIfStale() {
  await buildOutputIfStale(programOutput);
}

/** The page that a server or a window shows. */
export async function buildPageIfStale() {
  // It says whose work the programs contain.
  await buildIfStale();
  await buildOutputIfStale(pageOutput);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildIfStale();
  if (process.argv.includes('--page')) await buildPageIfStale();
}
