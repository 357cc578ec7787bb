/** Hears Enter, as long as this process has its terminal: reading that from the background would stop it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** False where there is nothing to hear. */
export function hearEnter(heard: () => void): boolean {
  const { stdin } = process;
  if (stdin.isTTY && !isInForeground()) return false;
  stdin.on('data', (chunk: Buffer) => {
    if (chunk.includes('\n')) heard();
  });
  // A terminal that goes away.
  stdin.on('error', () => undefined);
  // Sent to the background and brought back, by Ctrl-Z, bg and fg.
  if (stdin.isTTY && process.platform !== 'win32')
    process.on('SIGCONT', () => (isInForeground() ? stdin.resume() : stdin.pause()));
  return stdin.isTTY;
}

function isInForeground(): boolean {
  try {
    if (process.platform === 'win32') return true;
    if (process.platform === 'linux') {
      // After the name, which may hold anything: state, parent, group, session, terminal, its group.
      const stat = readFileSync('/proc/self/stat', 'utf8');
      const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return group === foreground;
    }
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(process.pid)], {
      encoding: 'utf8',
    });
    return state.includes('+');
  } catch {
    return false;
  }
}
