/** `patchbay`: the engine from the command line. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCaller } from '#engine/contract/router.ts';
import { ChosenPlaces } from '../files/chosen-places.ts';
import { dataFolder } from '../files/data-folder.ts';
import { LocalFiles } from '../files/local-files.ts';
import { LocalHost } from '../local-host.ts';
import { closeWithin, endOnInterrupt, type Closeable } from '../system/ending.ts';
import { packageVersion } from '../system/package-root.ts';
import { cacheCommand } from './commands/cache.ts';
import { calibrateCommand } from './commands/calibrate.ts';
import { checkCommand } from './commands/check.ts';
import type { Command, Surroundings } from './commands/command.ts';
import { compareCommand } from './commands/compare.ts';
import { estimateCommand } from './commands/estimate.ts';
import { exportOnnxCommand } from './commands/export-onnx.ts';
import { machinesCommand } from './commands/machines.ts';
import { nodesCommand } from './commands/nodes.ts';
import { presetsCommand } from './commands/presets.ts';
import { runCommand } from './commands/run.ts';
import { serveCommand } from './commands/serve.ts';
import { trimCommand } from './commands/trim.ts';
import { verifyCommand } from './commands/verify.ts';
import { exitStatus, UsageError, type ExitStatus } from './commands/exit-status.ts';

const commands: readonly Command[] = [
  presetsCommand,
  nodesCommand,
  checkCommand,
  estimateCommand,
  machinesCommand,
  runCommand,
  compareCommand,
  exportOnnxCommand,
  verifyCommand,
  calibrateCommand,
  cacheCommand,
  trimCommand,
  serveCommand,
];

const usage = [
  'Usage: patchbay COMMAND [OPTIONS]',
  '',
  ...commands.flatMap(({ synopsis, about }) => [`  patchbay ${synopsis}`, `      ${about}`]),
  '',
  'FILE is a *.patchbay.json graph, PRESET one of `patchbay presets`, - reads the graph from standard input.',
  'Exit status: 0 done, 1 the graph has problems or the run failed, 2 usage, 130 interrupted.',
].join('\n');

async function main(args: readonly string[]): Promise<ExitStatus> {
  const [name, ...rest] = args;
  if (name === undefined) {
    console.error(usage);
    return exitStatus.usage;
  }
  if (name === 'help' || isHelp(name)) {
    console.log(usage);
    return exitStatus.done;
  }
  if (name === '--version') {
    console.log(packageVersion);
    return exitStatus.done;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) throw new UsageError(`There is no command "${name}"; see patchbay --help.`);
  const operandsFrom = rest.indexOf('--');
  if ((operandsFrom < 0 ? rest : rest.slice(0, operandsFrom)).some(isHelp)) {
    console.log(`Usage: patchbay ${command.synopsis}\n${command.about}`);
    return exitStatus.done;
  }
  const chosen = new ChosenPlaces(dataFolder());
  const files = new LocalFiles(dataFolder(), chosen);
  const engineEntry = join(dirname(fileURLToPath(import.meta.url)), 'engine-process.js');
  const host = new LocalHost(engineEntry, { chosen });
  const open = new Set<Closeable>([host, files]);
  const whileOpen: Surroundings['whileOpen'] = async (thing, use) => {
    open.add(thing);
    try {
      return await use(thing);
    } finally {
      open.delete(thing);
      await closeWithin([thing]);
    }
  };
  endOnInterrupt(open, exitStatus.interrupted);
  try {
    const services = { host, files };
    return await command.run(rest, createCaller(services), { ...services, chosen, whileOpen });
  } finally {
    await closeWithin([host]);
  }
}

const isHelp = (arg: string): boolean => arg === '--help' || arg === '-h';

// A reader that goes away, as `head` does, is no fault: what is left to say is said to nobody.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EPIPE' && cause.code !== 'ERR_STREAM_DESTROYED') throw cause;
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (cause) {
  if (!(cause instanceof UsageError)) throw cause;
  console.error(`patchbay: ${cause.message}`);
  process.exitCode = exitStatus.usage;
}
