/** Bundles the host's programs, and the page, into dist/, when their sources are newer than the last bundle. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const dist = join(root, 'dist');
const stampName = 'build-stamp';
const programs = {
  patchbay: 'host/bin/main.ts',
  'engine-process': 'host/engine/engine-process.ts',
  'publish-schema': 'host/bin/publish-schema.ts',
  'bench-language-model': 'bench/language-model.ts',
  'bench-accuracy': 'bench/accuracy.ts',
};
const pageConfiguration = join(root, 'vite.config.ts');

const isProgramSource = (name) => /\.(ts|mjs)$/.test(name);

/** What is built, from what, and in which order its files take the place of the old ones. */
const programOutput = {
  folder: join(dist, 'host'),
  sources: ['engine', 'nodes', 'host', 'bench'],
  isSource: isProgramSource,
  files: ['package.json'],
  write: writePrograms,
  // What the programs import before the programs.
  place: (name) => (Object.hasOwn(programs, name.replace(/\.js$/, '')) ? 1 : 0),
};
const pageOutput = {
  folder: join(dist, 'renderer'),
  sources: ['engine', 'nodes', 'renderer'],
  isSource: (name, folder) => folder === 'renderer' || isProgramSource(name),
  files: ['package.json', 'vite.config.ts'],
  write: writePage,
  // What the page names before the page.
  place: (name) => (name === 'index.html' ? 1 : 0),
};

/** An installed package has no sources: what was built for it is what it is. */
const hasProgramSources = existsSync(join(root, programs.patchbay));
const hasPageSources = existsSync(pageConfiguration) && existsSync(join(root, 'renderer'));

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sourceFiles(path);
    else if (!/\.test(ing)?\.tsx?$/.test(entry.name)) yield path;
  }
}

function sourceStamp({ sources, isSource, files }) {
  const hash = createHash('sha256');
  for (const folder of sources) {
    for (const path of sourceFiles(join(root, folder))) {
      if (!isSource(path, folder)) continue;
      const { mtimeMs, size } = statSync(path);
      hash.update(`${path} ${mtimeMs} ${size}\n`);
    }
  }
  for (const name of files) hash.update(readFileSync(join(root, name)));
  return hash.digest('hex');
}

async function writePrograms(beside) {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    cwd: root,
    input: programs,
    platform: 'node',
    // Packages stay where npm put them; only our own files are bundled.
    external: (id) =>
      !id.startsWith('.') && !id.startsWith('#') && !id.startsWith('/') && !/^[A-Za-z]:/.test(id),
    logLevel: 'warn',
  });
  try {
    await bundle.write({
      dir: beside,
      format: 'esm',
      sourcemap: true,
      entryFileNames: '[name].js',
    });
    await import(join(beside, 'publish-schema.js'));
  } finally {
    await bundle.close();
  }
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

async function build(output, stamp) {
  const beside = join(dist, `building-${process.pid}-${basename(output.folder)}`);
  try {
    await output.write(beside);
    writeFileSync(join(beside, stampName), stamp);
    replaceOutput(output, beside);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

/**
 * Other processes may be starting from the old files or building the same ones, so every file is replaced whole,
 * the stamp, which says that all is there, last, and what is no longer needed goes only then.
 */
function replaceOutput({ folder, place }, beside) {
  const names = filesIn(beside);
  const order = (name) => (name === stampName ? 2 : place(name));
  for (const name of names.toSorted((a, b) => order(a) - order(b))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    renameSync(join(beside, name), join(folder, name));
  }
  for (const name of filesIn(folder)) {
    if (!names.includes(name)) rmSync(join(folder, name), { force: true });
  }
  removeUnfinished();
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** What builds that were interrupted left behind. */
function removeUnfinished() {
  for (const name of readdirSync(dist)) {
    const owner = Number(/^building-(\d+)(-|$)/.exec(name)?.[1]);
    if (owner > 0 && !isAlive(owner)) rmSync(join(dist, name), { recursive: true, force: true });
  }
}

function isAlive(processId) {
  try {
    process.kill(processId, 0);
    return true;
  } catch (cause) {
    return cause.code === 'EPERM';
  }
}

async function buildOutputIfStale(output) {
  const stamp = sourceStamp(output);
  const stampFile = join(output.folder, stampName);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  await build(output, stamp);
}

/** The programs that a command line needs. */
export async function buildIfStale() {
  if (hasProgramSources) await buildOutputIfStale(programOutput);
}

/** The page that a server or a window shows. */
export async function buildPageIfStale() {
  if (hasPageSources) await buildOutputIfStale(pageOutput);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildIfStale();
  if (process.argv.includes('--page')) await buildPageIfStale();
}
