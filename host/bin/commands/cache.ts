import { formatBytes } from '#engine/contract/format.ts';
import { exitStatus, UsageError } from './exit-status.ts';
import { printProblems } from '../terminal/problems.ts';
import { formatTable } from '../terminal/table.ts';
import { parseOptions, type Command } from './command.ts';

export const cacheCommand: Command = {
  name: 'cache',
  synopsis: 'cache [clear] [--json]',
  about: 'Shows what the stage cache holds, or empties it.',
  async run(args, caller) {
    const { values, positionals } = parseOptions(
      this,
      args,
      { json: { type: 'boolean' } },
      { least: 0, most: 1 },
    );
    const [action] = positionals;
    if (action !== undefined && action !== 'clear')
      throw new UsageError(`"${action}" is no action. Usage: patchbay ${this.synopsis}`);
    if (action === 'clear') {
      const cleared = await caller.clearCache();
      if (!cleared.ok) {
        printProblems(cleared.problems);
        return exitStatus.problems;
      }
      const { freedBytes } = cleared.value;
      console.log(
        values.json === true ? JSON.stringify({ freedBytes }) : `Freed ${formatBytes(freedBytes)}.`,
      );
      return exitStatus.done;
    }
    const status = await caller.cacheStatus();
    if (!status.ok) {
      printProblems(status.problems);
      return exitStatus.problems;
    }
    const { folder, totalBytes, limitBytes, entries } = status.value;
    if (values.json === true) {
      console.log(JSON.stringify(status.value));
      return exitStatus.done;
    }
    console.log(`${folder}: ${formatBytes(totalBytes)} of ${formatBytes(limitBytes)}`);
    if (entries.length > 0) {
      const table = formatTable(
        [
          {
            title: 'last used',
            align: 'left',
            text: ({ lastUsed }) => lastUsed.slice(0, 16).replace('T', ' '),
          },
          { title: 'size', align: 'right', text: ({ sizeBytes }) => formatBytes(sizeBytes) },
          { title: 'stage', align: 'left', text: ({ title }) => title },
        ],
        entries,
      );
      console.log(table);
    }
    return exitStatus.done;
  },
};
