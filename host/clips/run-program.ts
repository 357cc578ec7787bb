/** Runs another program to its end, within bounds of time and of what it may write. */
import { spawn } from 'node:child_process';
import { noteProgram } from '../system/started-programs.ts';

export interface ProgramBounds {
  readonly deadlineMs: number;
  readonly maxBytes: number;
  /** Ends the program at once. */
  readonly signal: AbortSignal;
}

export type ProgramEnd =
  | { readonly kind: 'done'; readonly output: Buffer }
  | { readonly kind: 'refused' }
  /** There is no program of this name. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'late' }
  | { readonly kind: 'too-long' }
  | { readonly kind: 'cancelled' };

/** What it writes to its standard output; nothing is left running, whatever the end. */
export function runProgram(
  name: string,
  args: readonly string[],
  { deadlineMs, maxBytes, signal }: ProgramBounds,
): Promise<ProgramEnd> {
  if (signal.aborted) return Promise.resolve({ kind: 'cancelled' });
  return new Promise((resolve) => {
    const child = spawn(name, args, { stdio: ['ignore', 'pipe', 'ignore'], windowsHide: true });
    noteProgram(child);
    const chunks: Buffer[] = [];
    let length = 0;
    let stopped: ProgramEnd | null = null;
    const stop = (end: ProgramEnd): void => {
      stopped ??= end;
      child.kill('SIGKILL');
      // What the program started itself may hold the pipe open.
      child.stdout.destroy();
    };
    const cancel = (): void => stop({ kind: 'cancelled' });
    const timer = setTimeout(() => stop({ kind: 'late' }), deadlineMs);
    signal.addEventListener('abort', cancel);
    const end = (how: ProgramEnd): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
      resolve(stopped ?? how);
    };
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxBytes) stop({ kind: 'too-long' });
    });
    child.on('error', (cause: NodeJS.ErrnoException) =>
      end({ kind: cause.code === 'ENOENT' ? 'missing' : 'refused' }),
    );
    child.on('close', (status) =>
      end(status === 0 ? { kind: 'done', output: Buffer.concat(chunks) } : { kind: 'refused' }),
    );
  });
}
