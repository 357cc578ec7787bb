/** Work on a file that of several Patchbays of one user only one does at a time. */
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isAlive } from './is-alive.ts';
import { makePrivateFolder } from './private-folder.ts';
import { unfinishedName } from './unfinished-files.ts';

const askAgainMs = 15;

/**
 * Does the work while it holds the lock, a file that names the process; one whose process is gone is taken
 * over. Where no lock can be had, as on a read-only disk, the work is done without.
 */
export async function whileLocked<Value>(lock: string, work: () => Promise<Value>): Promise<Value> {
  const isHeld = await take(lock);
  try {
    return await work();
  } finally {
    if (isHeld) await rm(lock, { force: true }).catch(() => undefined);
  }
}

async function take(lock: string): Promise<boolean> {
  const own = unfinishedName(lock);
  try {
    await makePrivateFolder(dirname(lock));
    await writeFile(own, `${process.pid}`, { flag: 'wx', mode: 0o600 });
    // A link appears with its content, so that nobody meets a lock that does not name its process yet.
    while (!(await linked(own, lock))) await breakOrWait(lock);
    return true;
  } catch {
    return false;
  } finally {
    await rm(own, { force: true }).catch(() => undefined);
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cause;
  }
}

async function breakOrWait(lock: string): Promise<void> {
  if (await isHeldBySomebody(lock)) {
    await wait(askAgainMs);
    return;
  }
  const aside = unfinishedName(lock);
  await rename(lock, aside).catch(() => undefined);
  // Another may have taken it over between the two looks: theirs goes back.
  if (await isHeldBySomebody(aside)) await link(aside, lock).catch(() => undefined);
  await rm(aside, { force: true });
}

async function isHeldBySomebody(lock: string): Promise<boolean> {
  const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
  return holder > 0 && isAlive(holder);
}
