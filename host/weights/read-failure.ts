/** How files that cannot be read, and the names in them, are put into sentences. */
import { error, type Problem } from '#engine/contract/problem.ts';

/** Why the operating system did not let a file or folder be read. Rethrows what it did not say. */
export function readFailure(path: string, cause: unknown): Problem {
  if (!(cause instanceof Error && 'code' in cause)) throw cause;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'does not exist, or is a link to a file that does not; check the path',
    EACCES: 'may not be read; give yourself permission to read it',
    EPERM: 'may not be read; give yourself permission to read it',
    ENOTDIR: 'is not a folder; choose the folder that holds the model',
  };
  const code = String(cause.code);
  const reason = reasons[code] ?? `cannot be read (${code}); check the path and the disk`;
  return error('checkpoint-unreadable', `${path} ${reason}.`);
}

/** A name as the file has it, with control characters escaped, and short enough for a sentence. */
export function quote(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);
}
