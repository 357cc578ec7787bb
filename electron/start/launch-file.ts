/**
 * An address on its way to a browser: the arguments of a process can be read by every user of the machine, so
 * the browser is given a file that only this user can read, and the file leads on.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface LaunchFile {
  /** To open in a browser of this user. */
  readonly url: string;
  readonly remove: () => void;
}

/** `folder` is made where it is missing; a launch file that an earlier start left there is replaced. */
export function writeLaunchFile(folder: string, address: string): LaunchFile {
  const path = join(folder, 'open-patchbay.html');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const remove = (): void => rmSync(path, { force: true });
  // Written anew, so that neither a link nor the rights of what is there count.
  remove();
  writeFileSync(path, pageThatLeadsTo(address), { flag: 'wx', mode: 0o600 });
  return { url: pathToFileURL(path).href, remove };
}

const pageThatLeadsTo = (address: string): string => `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <meta name="color-scheme" content="light dark">
  <meta http-equiv="refresh" content="0; url=${address}">
  <title>Patchbay</title>
  <p><a href="${address}">Open Patchbay</a></p>
</html>
`;
