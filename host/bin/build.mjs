/** Bundles the host's programs into dist/, when their sources are newer than the last bundle. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const output = join(root, 'dist', 'host');
const stampFile = join(output, 'build-stamp');
const sourceFolders = ['engine', 'nodes', 'host', 'bench'];
const programs = {
  patchbay: 'host/bin/main.ts',
  'engine-process': 'host/engine/engine-process.ts',
  'publish-schema': 'host/bin/publish-schema.ts',
  'bench-language-model': 'bench/language-model.ts',
};

/** An installed package has no sources: its bundle is what it is. */
const hasSources = existsSync(join(root, programs.patchbay));

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sourceFiles(path);
    else if (/\.(ts|mjs)$/.test(entry.name) && !entry.name.endsWith('.test.ts')) yield path;
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
  rmSync(output, { recursive: true, force: true });
  await bundle.write({ dir: output, format: 'esm', sourcemap: true, entryFileNames: '[name].js' });
  await bundle.close();
  await import(join(output, 'publish-schema.js'));
  mkdirSync(output, { recursive: true });
  writeFileSync(stampFile, stamp);
}

export async function buildIfStale() {
  if (!hasSources) return;
  const stamp = sourceStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  await build(stamp);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildIfStale();
