/** Other programs that a process runs, which have to end with it, however it ends. */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Names the folder in which a process notes them for the one that clears up after it. */
const folderVariable = 'PATCHBAY_PROGRAMS';

const notePattern = /^program-(\d+)$/;

const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** For the process that is started with it, in a folder that is its own. */
export const notingEnvironment = (folder: string): NodeJS.ProcessEnv => ({
  [folderVariable]: folder,
});

/** Notes a program until it has ended. */
export function noteProgram(child: ChildProcess): void {
  const folder = process.env[folderVariable];
  const note = folder === undefined ? null : join(folder, `program-${child.pid}`);
  if (child.pid === undefined) return;
  running.add(child);
  if (note !== null) writeFileSync(note, '');
  child.once('close', () => {
    running.delete(child);
    if (note !== null) rmSync(note, { force: true });
  });
}

/** Ends what a process that is gone had noted in its folder. */
export function endNotedPrograms(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, processId] = notePattern.exec(name) ?? [];
    try {
      if (processId !== undefined) process.kill(Number(processId), 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}
