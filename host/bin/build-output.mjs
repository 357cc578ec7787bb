/** One folder of dist/ built from its sources where they have changed, and replaced so that nobody reads half of it. */
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
import { isBuiltin } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const dist = join(root, 'dist');
const stampName = 'build-stamp';

export const isProgramSource = (name) => /\.(ts|mjs|json)$/.test(name);

/** The bundles are programs: what they import from one another comes before them. */
export const programsLast = (programs) => (name) =>
  Object.hasOwn(programs, name.replace(/\.js$/, '')) ? 1 : 0;

function* sourceFiles(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      // A package of its own is none of the programs.
      if (!existsSync(join(path, 'package.json'))) yield* sourceFiles(path);
    } else if (!/\.test\.(tsx?|mjs)$/.test(entry.name)) yield path;
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

/** What is installed beside the bundles because it is native code, and what the desktop app brings. */
const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const apart = new Set([...Object.keys(dependencies), 'electron']);

/** Bundles programs for Node.js, with all that they need but native packages; resolves with the ids of the modules. */
export async function bundlePrograms(input, written) {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    cwd: root,
    input,
    platform: 'node',
    external: (id) => isBuiltin(id) || apart.has(id),
    logLevel: 'warn',
  });
  try {
    const { output } = await bundle.write({
      format: 'esm',
      entryFileNames: '[name].js',
      sourcemap: true,
      ...written,
    });
    return output.flatMap(({ moduleIds = [] }) => moduleIds);
  } finally {
    await bundle.close();
  }
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

/**
 * `output` names the folder that is built, the folders of its sources and which of their files count (`isSource`),
 * single files beside them, how to write it (`write(folder)`), and the order in which files take the place of old
 * ones (`place(name)`, the lowest first).
 */
export async function buildOutputIfStale(output) {
  const stamp = sourceStamp(output);
  const stampFile = join(output.folder, stampName);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  await build(output, stamp);
}
