/** What a graph will take on a machine that is not here, and which limits it breaks, from the command line. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Breach } from '#engine/estimate/budget.ts';
import type { LatencyEstimate } from '#engine/estimate/latency.ts';
import type { MemoryChange, MemoryFit } from '#engine/estimate/memory-fit.ts';
import { buildPrograms, patchbay, type Finished } from './patchbay-command.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-machines-'));
const cache = join(folder, 'cache');
// A machine that nobody has measured.
const environment = { PATCHBAY_DATA: join(folder, 'data') };
beforeAll(buildPrograms);
afterAll(() => rm(folder, { recursive: true }));

const command = (...args: readonly string[]): Promise<Finished> =>
  patchbay(args, { cache, environment });

interface OnMachine {
  readonly machine: string | null;
  readonly latency: LatencyEstimate | null;
  readonly fit: MemoryFit;
  readonly changes: readonly MemoryChange[];
  readonly breaches: readonly Breach[] | null;
}

async function estimate(...args: readonly string[]): Promise<OnMachine> {
  const { stdout, stderr } = await command('estimate', ...args, '--json');
  expect(stderr).toBe('');
  return JSON.parse(stdout) as OnMachine;
}

test('a described machine is listed, printed as a file, and reckoned with by its name or that file alike', async () => {
  expect((await command('machines')).stdout).toMatch(/^raspberry-pi-5 .*Raspberry Pi 5, 8 GB$/m);
  const printed = await command('machines', 'raspberry-pi-5');
  const path = join(folder, 'pi.json');
  await writeFile(path, printed.stdout);
  const named = await estimate('shapes-llava', '--machine', 'raspberry-pi-5');
  expect(named.machine).toBe('Raspberry Pi 5, 8 GB');
  expect(named.fit.fits).toBe(true);
  expect(named.latency?.timeToFirstTokenMs).toBeGreaterThan(0);
  expect(await estimate('shapes-llava', '--machine', path)).toEqual(named);
  // A larger machine is faster at the same work.
  const server = await estimate('shapes-llava', '--machine', 'server-epyc-9354');
  expect(server.latency?.totalMs).toBeLessThan(named.latency?.totalMs ?? 0);

  const { stdout } = await command('estimate', 'shapes-llava', '--machine', 'raspberry-pi-5');
  expect(stdout).toContain('\nEstimate for Raspberry Pi 5, 8 GB\n');
  expect(stdout).toMatch(/^Language model · decode +\S+\sms +\d/m);
  expect(stdout).toMatch(/^Fits: needs \S+\s[MG]B of 8\.59\sGB\.$/m);
});

test('a graph that does not fit is told what would make it fit', async () => {
  const { fit, changes } = await estimate('llava-next-7b', '--machine', 'raspberry-pi-5');
  expect(fit.fits).toBe(false);
  expect(changes[0]).toMatchObject({
    title: 'Keys and values in int8 in place of float32',
    fits: true,
  });
  const { stdout } = await command('estimate', 'llava-next-7b', '--machine', 'raspberry-pi-5');
  expect(stdout).toMatch(
    /^Does not fit: needs .*\.\n {2}Keys and values in int8 in place of float32: \S+\sGB less, and it fits\.$/m,
  );
});

test('limits say which of them are broken, by how much and by what, and fail the command', async () => {
  const limits = ['--budget', 'first-token-ms=0.001,memory-mb=1e6,parameters=1000'] as const;
  const { breaches } = await estimate('shapes-llava', '--machine', 'raspberry-pi-5', ...limits);
  expect(breaches?.map(({ limit }) => limit)).toEqual(['timeToFirstTokenMs', 'parameters']);
  const told = await command('estimate', 'shapes-llava', '--machine', 'pixel-8', ...limits);
  expect(told.status).toBe(1);
  expect(told.stdout).toMatch(
    /^Parameters: \S+\s?[KM], \S+\s?[KM] over 1\.00\sK \([\d\s.]+×\); \d+\s% of it is .+\.$/m,
  );
  const kept = await command('estimate', 'shapes-llava', '--budget', 'memory-mb=1e6');
  expect(kept.status).toBe(0);
  expect(kept.stdout).toMatch(/\nEvery limit is kept\.\n$/);
});

const nonsense = join(folder, 'nonsense.json');
const empty = join(folder, 'empty.json');

test.for([
  [
    ['--machine', 'raspbery-pi-5'],
    1,
    /^error: There is no file and no described machine "raspbery-pi-5", but there is "raspberry-pi-5"; .* \[machine-unknown\]$/,
  ],
  [
    ['--machine', nonsense],
    1,
    /^error: \S+nonsense\.json describes no machine: "memoryBytes": .*; .* \[machine-invalid\]$/,
  ],
  [['--machine', empty], 1, /^error: \S+empty\.json is not valid JSON; .* \[json-broken\]$/],
  [['--machine', folder], 1, /^error: \S+ is no file; .* \[file-unreadable\]$/],
  [
    ['--budget', 'first-token-ms=500'],
    1,
    /^error: How fast this machine is has not been measured, .* \[machine-unmeasured\]$/,
  ],
  [
    ['--budget', 'memory-mb=0'],
    2,
    /^patchbay: --budget takes memory-mb=N .*, not "memory-mb=0"\.$/,
  ],
  [['--budget', 'memory-mb'], 2, /^patchbay: --budget takes memory-mb=N .*, not "memory-mb"\.$/],
  [
    ['--budget', 'memory=5'],
    2,
    /^patchbay: --budget knows no limit "memory", but there is "memory-mb"\.$/,
  ],
  [['--budget', ''], 2, /^patchbay: --budget knows no limit ""; its limits are first-token-ms, /],
  [
    ['--budget', 'parameters=1,parameters=2'],
    2,
    /^patchbay: --budget is given parameters twice\.$/,
  ],
] as const)('estimate with %j is refused in one sentence', async ([args, status, sentence]) => {
  await writeFile(nonsense, JSON.stringify({ title: 'x', memoryBytes: 0 }));
  await writeFile(empty, '');
  const told = await command('estimate', 'shapes-llava', ...args);
  expect({ status: told.status, stdout: told.stdout }).toEqual({ status, stdout: '' });
  expect(told.stderr.trimEnd()).toMatch(sentence);
  expect(told.stderr.trimEnd().split('\n')).toHaveLength(1);
});
