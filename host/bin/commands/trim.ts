import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { formatBytes } from '#engine/contract/format.ts';
import { packageRoot } from '../../system/package-root.ts';
import { exitStatus } from './exit-status.ts';
import { parseOptions, type Command } from './command.ts';

interface Trimmer {
  /** Returns how many bytes it freed. */
  readonly trim: () => number;
}

export const trimCommand: Command = {
  name: 'trim',
  synopsis: 'trim',
  about:
    'Removes what is never loaded, such as binaries of other systems, where npm ran no install script.',
  async run(args) {
    parseOptions(this, args, {}, { least: 0, most: 0 });
    // npm runs it too, when nothing of the bundle is needed.
    const path = join(packageRoot, 'host', 'bin', 'trim.mjs');
    const { trim } = (await import(pathToFileURL(path).href)) as Trimmer;
    try {
      console.log(`Freed ${formatBytes(trim())}.`);
      return exitStatus.done;
    } catch (cause) {
      const { message } = cause as Error;
      console.error(`patchbay: What is never loaded cannot be removed: ${message}.`);
      return exitStatus.problems;
    }
  },
};
