/** What a run runs on. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import type { Machine } from '#engine/contract/run-event.ts';
import { packageVersion } from './package-root.ts';

/** Threads that ONNX Runtime may use inside an operator: one a core, as two on one core only wait for each other. */
export const threadCount = physicalCores() ?? os.availableParallelism();

/** Read from the package, so that asking for it does not load the library itself. */
export const onnxRuntimeVersion = (
  createRequire(import.meta.url)('onnxruntime-node/package.json') as { readonly version: string }
).version;

export function describeMachine(): Machine {
  const cpus = os.cpus();
  return {
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    threads: threadCount,
    memoryBytes: memoryBytes(),
    node: process.versions.node,
    onnxRuntime: onnxRuntimeVersion,
    patchbay: packageVersion,
  };
}

/** Cores as Linux lists them, two hardware threads of one counted once; null elsewhere. */
function physicalCores(): number | null {
  try {
    const blocks = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n');
    const cores = new Set(
      blocks.flatMap((block) => {
        const core = /^core id\s*: (\d+)$/m.exec(block)?.[1];
        return core === undefined ? [] : `${/^physical id\s*: (\d+)$/m.exec(block)?.[1]}/${core}`;
      }),
    );
    return cores.size > 0 ? Math.min(cores.size, os.availableParallelism()) : null;
  } catch {
    return null;
  }
}

/** The machine's memory, or the container's limit where that is lower. */
export function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem();
}
