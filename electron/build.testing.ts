/** Builds the app where it is out of date, so that no test waits for it or runs an old one. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '#host/system/package-root.ts';

export const distElectron = join(packageRoot, 'dist', 'electron');

export async function buildApp(): Promise<void> {
  const run = promisify(execFile);
  await run(process.execPath, [join(packageRoot, 'host', 'bin', 'build.mjs'), '--page']);
  await run(process.execPath, [join(packageRoot, 'electron', 'build.mjs')]);
}
