/** Why an engine process ended, as far as the system tells. */
import { readFileSync } from 'node:fs';
import { error, type Problem } from '#engine/contract/problem.ts';

export interface Death {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of what the process wrote to standard error. */
  readonly lastWords: string;
  /** Did the system kill for lack of memory meanwhile? */
  readonly outOfMemory: boolean;
  readonly stage: string | null;
  readonly phase: string | null;
}

export function deathProblem({
  code,
  signal,
  lastWords,
  outOfMemory,
  stage,
  phase,
}: Death): Problem {
  const where =
    stage === null ? 'before its first stage' : `while "${stage}" was ${phase ?? 'running'}`;
  const words = lastSentence(lastWords);
  const cause = outOfMemory
    ? 'the system killed it for lack of memory; choose a smaller model or a lower precision'
    : signal === null
      ? `exit code ${code ?? 'unknown'}${words === '' ? '' : `: ${words}`}`
      : `signal ${signal}${words === '' ? '' : `: ${words}`}`;
  const message = `The engine process ended ${where} (${cause}). The graph is unharmed; run it again.`;
  // Rows of a language model are "<node>/<phase>".
  return error('engine-died', message, stage === null ? {} : { node: stage.split('/')[0] });
}

/** The error that a process ended with, or else the last line that it wrote. */
function lastSentence(lastWords: string): string {
  const lines = lastWords
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (
    lines.findLast((line) => /^(\w*Error|terminate called|.*\bwhat\(\))\b/.test(line)) ??
    lines.at(-1) ??
    ''
  );
}

/** How often the Linux kernel has killed a process for lack of memory, here or in the container; 0 where unknown. */
export function outOfMemoryKills(): number {
  return (
    countIn('/proc/vmstat', /^oom_kill (\d+)$/m) +
    countIn('/sys/fs/cgroup/memory.events', /^oom_kill (\d+)$/m)
  );
}

function countIn(file: string, pattern: RegExp): number {
  try {
    return Number(pattern.exec(readFileSync(file, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
