/** Where a file of the packed app lies for programs that know nothing of Electron's archive. */
import { sep } from 'node:path';

/**
 * The server and the engine read with native code and by every means Node.js has, which an archive does not
 * offer, so their files are packed beside it. A path of an app that is not packed stays as it is.
 */
export function unpackedPath(path: string, separator: string = sep): string {
  return path.replace(`app.asar${separator}`, `app.asar.unpacked${separator}`);
}
