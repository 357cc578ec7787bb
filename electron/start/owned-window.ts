/** A window in a process of ours: opened or not, and why; then until it is closed. */
import { spawn } from 'node:child_process';

export interface OwnedWindow {
  /** Resolves when its process is gone; with what it said where it ended in failure. */
  readonly closed: Promise<string | null>;
  readonly processId: number | undefined;
  /** The process may keep its window open to ask about unsaved work. */
  close(signal: NodeJS.Signals): void;
}

export interface WindowProgram {
  readonly path: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Called with each line of its standard output. */
  readonly said?: (line: string) => void;
}

/** How much of its standard error is kept to say why it failed. */
const keptCharacters = 4000;

export function openOwnedWindow({ path, args, env, said }: WindowProgram): OwnedWindow {
  const child = spawn(path, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: env ?? process.env,
    windowsHide: false,
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-keptCharacters);
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (output + chunk.toString()).split(/\r?\n/);
    output = lines.pop() ?? '';
    for (const line of lines) said?.(line);
  });
  const closed = new Promise<string | null>((resolve) => {
    child.on('error', (cause) => resolve(cause.message));
    child.on('exit', (code, signal) => {
      resolve(code === 0 ? null : `it ended with ${code ?? signal}${reasonIn(errors)}`);
    });
  });
  return { closed, processId: child.pid, close: (signal) => void child.kill(signal) };
}

/** Chromium writes `[pid:date:LEVEL:file(line)] words`; the first fatal line tells most, else the first error. */
function reasonIn(errors: string): string {
  const lines = errors.split('\n').map((line) => line.trim());
  const line =
    lines.find((words) => words.includes(':FATAL:')) ??
    lines.find((words) => words.includes(':ERROR:')) ??
    lines.find((words) => words !== '');
  return line === undefined ? '' : `: ${line.replace(/^\[[^\]]*\]\s*/, '')}`;
}
