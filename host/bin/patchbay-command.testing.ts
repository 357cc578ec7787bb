/** The real command as a child process, as a shell starts it. For tests. */
import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../system/package-root.ts';

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  /** The stage cache that the command uses. */
  readonly cache: string;
  readonly folder?: string;
  readonly input?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Bundles the programs where they are out of date, so that no test waits for it or runs an old one. */
export async function buildPrograms(): Promise<void> {
  await promisify(execFile)(process.execPath, [join(packageRoot, 'host', 'bin', 'build.mjs')]);
}

/** What `LocalHost` starts as the engine. */
export const engineEntry = join(packageRoot, 'dist', 'host', 'engine-process.js');

/** The command in a process group of its own, as a terminal gives each command one. */
export function startPatchbay(
  args: readonly string[],
  { cache, folder = packageRoot, environment = {} }: Surroundings,
): ChildProcessWithoutNullStreams {
  const command = join(packageRoot, 'host', 'bin', 'patchbay.mjs');
  return spawn(process.execPath, [command, ...args], {
    cwd: folder,
    env: { ...process.env, PATCHBAY_CACHE: cache, ...environment },
    detached: true,
  });
}

export function finished(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  return new Promise((resolve) => {
    child.once('close', (status, signal) => {
      const [out, err] = [stdout, stderr].map((chunks) => Buffer.concat(chunks).toString());
      resolve({ status, signal, stdout: out as string, stderr: err as string });
    });
  });
}

export function patchbay(args: readonly string[], surroundings: Surroundings): Promise<Finished> {
  const child = startPatchbay(args, surroundings);
  // A command that refuses early reads no more.
  child.stdin.on('error', () => undefined);
  child.stdin.end(surroundings.input ?? '');
  return finished(child);
}
