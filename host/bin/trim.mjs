/**
 * Removes what an installed Patchbay never loads: ONNX Runtime's npm package carries the binaries of all systems,
 * five sixths of an install. npm runs this after an install, where it may; `patchbay trim` does the same.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A clone keeps all binaries, as packages for other systems are made from it. */
const isClone = existsSync(new URL('build.mjs', import.meta.url));

/** Removes the binaries of other systems and resolves with their size in bytes; 0 where there are none or they must stay. */
export function trim() {
  if (isClone) return 0;
  const runtime = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  if (isWantedByProject(join(runtime, '..', '..'))) return 0;
  const binaries = join(runtime, 'bin', 'napi-v6');
  // On a system that it has no binary for there is nothing to keep, and something to look at.
  if (!existsSync(join(binaries, process.platform, process.arch))) return 0;
  return removeAllBut(binaries, process.platform, (folder) => removeAllBut(folder, process.arch));
}

/** Does the project into which Patchbay was installed use the runtime itself, perhaps for other systems? */
function isWantedByProject(folder) {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return false;
  const { dependencies, devDependencies } = JSON.parse(readFileSync(file, 'utf8'));
  return 'onnxruntime-node' in { ...dependencies, ...devDependencies };
}

function removeAllBut(folder, kept, within = () => 0) {
  let freedBytes = 0;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name === kept) freedBytes += within(path);
    else {
      freedBytes += sizeOf(path);
      rmSync(path, { recursive: true });
    }
  }
  return freedBytes;
}

function sizeOf(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, { size }) => sum + size, 0);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    trim();
  } catch {
    // Larger than need be is no reason for an install to fail; `patchbay trim` says what is in the way.
  }
}
