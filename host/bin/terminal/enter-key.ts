/** Hears Enter, as long as this process has its terminal: reading that from the background would stop it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Follows Ctrl-Z, bg and fg. Gives whether a person can press Enter now. */
export function hearEnter(heard: () => void): boolean {
  const { stdin } = process;
  const follow = (): void => void (mayRead() ? stdin.resume() : stdin.pause());
  // Before there is a listener, which would begin to read.
  stdin.pause();
  stdin.on('data', (chunk: Buffer) => {
    if (chunk.includes('\n')) heard();
  });
  // A terminal that goes away.
  stdin.on('error', () => undefined);
  if (process.platform !== 'win32') process.on('SIGCONT', follow);
  follow();
  return stdin.isTTY && mayRead();
}

const mayRead = (): boolean => !process.stdin.isTTY || isInForeground();

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
