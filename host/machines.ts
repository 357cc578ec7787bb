/** The machine that a name or a file stands for. */
import {
  describedMachine,
  describedMachines,
  readMachine,
  targetOf,
} from '#engine/estimate/described-machines.ts';
import type { TargetMachine } from '#engine/estimate/described-machines.ts';
import { machineFileLimits } from '#engine/contract/described-machine.ts';
import { formatBytes } from '#engine/contract/format.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { orNearest } from './nearest-names.ts';
import { noRegularFile, openRegularFile } from './system/regular-file.ts';

const elsewhere = 'name a machine file, or one of patchbay machines';

/** Fails with `machine-unknown`, `machine-invalid`, `json-broken`, `file-unreadable` or `file-too-large`. */
export async function findMachine(named: string): Promise<Outcome<TargetMachine>> {
  const described = describedMachine(named);
  if (described) return ok(targetOf(described));
  const text = await readMachineText(named);
  return text.ok ? readMachine(named, text.value) : text;
}

async function readMachineText(path: string): Promise<Outcome<string>> {
  try {
    const file = await openRegularFile(path);
    try {
      const { size } = await file.stat();
      if (size > machineFileLimits.bytes) return tooLarge(path, size);
      return ok(await file.readFile('utf8'));
    } finally {
      await file.close();
    }
  } catch (cause) {
    return unreadable(path, (cause as NodeJS.ErrnoException).code ?? String(cause));
  }
}

function unreadable(path: string, code: string): Outcome<never> {
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const meant = orNearest(path, Object.keys(describedMachines));
    const message = `There is no file and no described machine "${path}"${meant}; ${elsewhere}.`;
    return fail(error('machine-unknown', message));
  }
  const why = code === noRegularFile ? 'is no file' : `cannot be read (${code})`;
  return fail(error('file-unreadable', `${path} ${why}; ${elsewhere}.`));
}

function tooLarge(path: string, sizeBytes: number): Outcome<never> {
  const limit = formatBytes(machineFileLimits.bytes);
  const message = `${path} has ${formatBytes(sizeBytes)}, a machine file may have ${limit}; ${elsewhere}.`;
  return fail(error('file-too-large', message));
}
