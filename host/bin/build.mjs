/** Bundles the host's programs into dist/, when their sources are newer than the last bundle. */
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
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const dist = join(root, 'dist');
const output = join(dist, 'host');
const stampName = 'build-stamp';
const stampFile = join(output, stampName);
const beside = join(dist, `building-${process.pid}`);
const sourceFolders = ['engine', 'nodes', 'host', 'bench'];
const programs = {
  patchbay: 'host/bin/main.ts',
  'engine-process': 'host/engine/engine-process.ts',
  'publish-schema': 'host/bin/publish-schema.ts',
  'bench-language-model': 'bench/language-model.ts',
  'bench-accuracy': 'bench/accuracy.ts',
};

/** An installed package has no sources: its bundle is what it is. */
const hasSources = existsSync(join(root, programs.patchbay));

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sourceFiles(path);
    else if (/\.(ts|mjs)$/.test(entry.name) && !/\.test(ing)?\.ts$/.test(entry.name)) yield path;
  }
}

function sourceStamp() {
  const hash = createHash('sha256');
  for (const folder of sourceFolders) {
    for (const path of sourceFiles(join(root, folder))) {
      const { mtimeMs, size } = statSync(path);
      hash.update(`${path} ${mtimeMs} ${size}\n`);
    }
  }
  hash.update(readFileSync(join(root, 'package.json')));
  return hash.digest('hex');
}

async function build(stamp) {
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
    writeFileSync(join(beside, stampName), stamp);
    replaceOutput();
  } finally {
    await bundle.close();
    rmSync(beside, { recursive: true, force: true });
  }
}

/**
 * Other processes may be starting from the old bundle or building the same one, so every file is replaced whole:
 * what the programs import before the programs, and the stamp, which says that all is there, last.
 */
function replaceOutput() {
  mkdirSync(output, { recursive: true });
  const names = readdirSync(beside);
  const place = (name) => {
    if (name === stampName) return 2;
    return Object.hasOwn(programs, name.replace(/\.js$/, '')) ? 1 : 0;
  };
  for (const name of names.toSorted((a, b) => place(a) - place(b))) {
    renameSync(join(beside, name), join(output, name));
  }
  for (const name of readdirSync(output)) {
    if (!names.includes(name)) rmSync(join(output, name), { force: true });
  }
  removeUnfinished();
}

/** What builds that were interrupted left behind. */
function removeUnfinished() {
  for (const name of readdirSync(dist)) {
    const owner = Number(/^building-(\d+)$/.exec(name)?.[1]);
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

export async function buildIfStale() {
  if (!hasSources) return;
  const stamp = sourceStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  await build(stamp);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildIfStale();
