/** Installs what Patchbay is measured beside, each for itself, so that one that cannot be had takes none of the others along. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '#host/system/package-root.ts';
import type { Had } from './peer-program.ts';

/** A package of its own, which `npm ci` of Patchbay leaves alone. */
export const peersFolder = join(packageRoot, 'bench', 'peers');

/** Of the environment that only the bench has. */
const python = join(peersFolder, 'python', 'bin', 'python');

/** The interpreter that has the packages of a list in bench/peers, which Python's own installer gets. */
export async function havePython(list: 'torch.txt' | 'onnxruntime.txt'): Promise<Had<string>> {
  const needed = join(peersFolder, list);
  const stamp = join(peersFolder, 'python', list);
  if (await isStamped(stamp, needed)) return { peer: python };
  if (!existsSync(python) && !(await ran('python3', ['-m', 'venv', join(peersFolder, 'python')])))
    return { reason: 'Python 3 with its module venv is not installed on this machine' };
  const pip = ['-m', 'pip', 'install', '-qq', '--retries', '1', '-r', needed];
  if (!(await ran(python, pip))) return { reason: `pip could not get what ${list} names` };
  await copyFile(needed, stamp);
  return { peer: python };
}

/** The folder from which programs find npm's peers; of prebuilt programs, none of which runs an install script. */
export async function haveNodePeers(): Promise<Had<string>> {
  const lock = join(peersFolder, 'package-lock.json');
  const stamp = join(peersFolder, 'node_modules', 'installed-lock.json');
  if (await isStamped(stamp, lock)) return { peer: peersFolder };
  const arguments_ = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', peersFolder];
  if (!(await ran('npm', arguments_))) return { reason: 'npm could not get node-llama-cpp' };
  await copyFile(lock, stamp);
  return { peer: peersFolder };
}

/** Is what is installed what the list says now? */
async function isStamped(stamp: string, list: string): Promise<boolean> {
  const installed = await readFile(stamp, 'utf8').catch(() => null);
  return installed === (await readFile(list, 'utf8'));
}

/** Did it end well? What it says is seen. */
async function ran(command: string, args: readonly string[]): Promise<boolean> {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code === 0;
  } catch {
    return false;
  }
}
