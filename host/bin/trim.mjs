/**
 * Removes what an installed Patchbay never loads: ONNX Runtime's npm package carries the binaries of all systems,
 * five sixths of an install, and Tesseract's carry its older models, and what browsers load. npm runs this after an
 * install, where it may; `patchbay trim` does the same.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A clone keeps everything, as packages for other systems are made from it. */
const isClone = existsSync(new URL('build.mjs', import.meta.url));

const require = createRequire(import.meta.url);

/** Removes it all and resolves with its size in bytes; 0 where there is nothing, or it must stay. */
export function trim() {
  if (isClone) return 0;
  return trimReader() + trimRuntime();
}

function trimRuntime() {
  const runtime = packageFolder('onnxruntime-node');
  if (isWantedByProject(join(runtime, '..', '..'), 'onnxruntime-node')) return 0;
  const binaries = join(runtime, 'bin', 'napi-v6');
  // On a system that it has no binary for there is nothing to keep, and something to look at.
  if (!existsSync(join(binaries, process.platform, process.arch))) return 0;
  return removeAllBut(binaries, process.platform, (folder) => removeAllBut(folder, process.arch));
}

/** A release of another layout is left as it is. */
function trimReader() {
  const engine = 'tesseract.js-core';
  const data = '@tesseract.js-data/eng';
  if (![engine, data].every(isInstalled)) return 0;
  const [engineFolder, dataFolder] = [packageFolder(engine), packageFolder(data)];
  const project = join(engineFolder, '..', '..');
  if (['tesseract.js', engine, data].some((name) => isWantedByProject(project, name))) return 0;
  const names = readdirSync(engineFolder);
  // For browsers it is there once more, each file with its binary inside. Which of them Node.js loads, its processor decides.
  const forBrowsers = names.filter((name) => name.endsWith('.wasm.js'));
  const hasBinary = (name) => names.includes(name.replace(/\.js$/, ''));
  if (!forBrowsers.every(hasBinary) || !existsSync(join(dataFolder, '4.0.0_best_int'))) return 0;
  return [...forBrowsers.map((name) => join(engineFolder, name)), join(dataFolder, '4.0.0')]
    .filter(existsSync)
    .reduce((sum, path) => sum + remove(path), 0);
}

const packageFolder = (name) => dirname(require.resolve(`${name}/package.json`));

function isInstalled(name) {
  try {
    return existsSync(packageFolder(name));
  } catch {
    return false;
  }
}

/** Does the project into which Patchbay was installed use a package itself, perhaps for other systems? */
function isWantedByProject(folder, name) {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return false;
  const { dependencies, devDependencies } = JSON.parse(readFileSync(file, 'utf8'));
  return name in { ...dependencies, ...devDependencies };
}

function removeAllBut(folder, kept, within = () => 0) {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .reduce((sum, path) => sum + (path === join(folder, kept) ? within(path) : remove(path)), 0);
}

function remove(path) {
  const freedBytes = sizeOf(path);
  rmSync(path, { recursive: true });
  return freedBytes;
}

function sizeOf(path) {
  const facts = statSync(path);
  if (!facts.isDirectory()) return facts.size;
  return readdirSync(path, { recursive: true })
    .map((name) => statSync(join(path, name)))
    .reduce((sum, { size }) => sum + size, 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    trim();
  } catch {
    // Larger than need be is no reason for an install to fail; `patchbay trim` says what is in the way.
  }
}
