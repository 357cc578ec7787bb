import { formatBytes, formatOperations } from '#engine/contract/format.ts';
import {
  describedMachine,
  describedMachines,
  peakFlopsPerSecond,
} from '#engine/estimate/described-machines.ts';
import { orNearest } from '../../nearest-names.ts';
import { formatTable } from '../terminal/table.ts';
import { parseOptions, type Command } from './command.ts';
import { exitStatus, UsageError } from './exit-status.ts';

export const machinesCommand: Command = {
  name: 'machines',
  synopsis: 'machines [NAME]',
  about:
    'Lists the described machines, for which estimate --machine reckons; with a name prints its file, with sources, from which to write one of your own.',
  run(args) {
    const [name] = parseOptions(this, args, {}, { least: 0, most: 1 }).positionals;
    console.log(name === undefined ? list() : file(name));
    return Promise.resolve(exitStatus.done);
  },
};

function list(): string {
  return formatTable(
    [
      { title: 'machine', align: 'left', text: ([name]) => name },
      { title: 'memory', align: 'right', text: ([, machine]) => formatBytes(machine.memoryBytes) },
      {
        title: 'read, peak',
        align: 'right',
        text: ([, machine]) => `${formatBytes(machine.memoryBytesPerSecond)}/s`,
      },
      {
        title: 'float32, peak',
        align: 'right',
        text: ([, { cores }]) => `${formatOperations(peakFlopsPerSecond(cores))}/s`,
      },
      { title: 'title', align: 'left', text: ([, { title }]) => title },
    ],
    Object.entries(describedMachines),
  );
}

function file(name: string): string {
  const machine = describedMachine(name);
  if (machine) return JSON.stringify(machine, null, 2);
  const meant = orNearest(name, Object.keys(describedMachines));
  throw new UsageError(
    `There is no described machine "${name}"${meant}; patchbay machines lists them.`,
  );
}
