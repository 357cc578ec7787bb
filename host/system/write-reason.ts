import { noRegularFile } from './regular-file.ts';

/** What the system's codes mean to whoever wanted to write. */
const reasons: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder',
  [noRegularFile]: 'it is a pipe or a device and no file',
  ELOOP: 'its links lead in a circle',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'this user has no room left on the disk',
  EFBIG: 'the system lets no file become so large there',
  EIO: 'the disk fails',
  ENAMETOOLONG: 'the name is too long',
};

/** Why the system would not write, to be put behind a colon. */
export function writeReason(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return reasons[code] ?? code;
}
