/** The engine process may be killed at any moment: its caller says where, tidies up, and goes on. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { decoderGraph } from '../bin/graphs.testing.ts';
import { buildPrograms, engineEntry } from '../bin/patchbay-command.testing.ts';
import { EngineHold, entered } from './engine-hold.testing.ts';
import { startRun } from './followed-run.testing.ts';
import { LocalHost } from '../local-host.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-engine-death-'));
const temporary = await mkdtemp(join(folder, 'temporary-'));
const hold = new EngineHold(folder);
Object.assign(process.env, {
  PATCHBAY_CACHE: join(folder, 'cache'),
  TMPDIR: temporary,
  ...hold.environment,
});

const phases = [
  ['language/prefill', 'building', 'Language model · prefill'],
  ['language/prefill', 'preparing', 'Language model · prefill'],
  ['language/prefill', 'loading', 'Language model · prefill'],
  ['language/prefill', 'warming-up', 'Language model · prefill'],
  ['language/prefill', 'running', 'Language model · prefill'],
  ['language/decode', 'running', 'Language model · decode'],
] as const;

beforeAll(buildPrograms);
afterEach(() => {
  hold.release();
  vi.unstubAllEnvs();
});
afterAll(() => rm(folder, { recursive: true }));

async function leftovers(): Promise<readonly string[]> {
  const stages = await readdir(join(folder, 'cache', 'stages'));
  const unfinished = stages.filter((name) => name.startsWith('building-'));
  return [...unfinished, ...(await readdir(temporary))];
}

/** Waiting for a state costs nothing where it comes soon. */
const patienceMs = 300_000;

function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

describe('an engine that is killed', () => {
  const host = new LocalHost(engineEntry);
  afterAll(() => host.close());

  test.for(phases)(
    'in %s %s fails the run there, and leaves nothing',
    async ([stage, phase, title]) => {
      hold.at(entered(stage, phase));
      const run = await startRun(host, decoderGraph());
      await run.until(entered(stage, phase));
      process.kill(host.engineProcessId as number, 'SIGKILL');
      expect(await run.last()).toEqual({
        type: 'run-failed',
        problems: [
          {
            code: 'engine-died',
            severity: 'error',
            node: 'language',
            message: `The engine process ended while "${title}" was ${phase} (something killed it, perhaps for lack of memory). The graph is unharmed; run it again.`,
          },
        ],
      });
      expect(await leftovers()).toEqual([]);
    },
  );

  test('between two runs is replaced for the next', async () => {
    const before = await startRun(host, decoderGraph());
    expect(await before.last()).toEqual({ type: 'run-finished' });
    process.kill(host.engineProcessId as number, 'SIGKILL');
    await vi.waitUntil(() => host.engineProcessId === undefined, { timeout: patienceMs });
    const after = await startRun(host, decoderGraph());
    expect(await after.last()).toEqual({ type: 'run-finished' });
  });

  test('does not take along the run that waited behind', async () => {
    hold.at(entered('language/prefill', 'running'));
    const [first, second] = [
      await startRun(host, decoderGraph()),
      await startRun(host, decoderGraph()),
    ];
    await first.until(entered('language/prefill', 'running'));
    process.kill(host.engineProcessId as number, 'SIGKILL');
    expect((await first.last()).type).toBe('run-failed');
    expect(await second.last()).toEqual({ type: 'run-finished' });
  });
});

test.for(phases)(
  'a host that closes in %s %s leaves no process and no file',
  async ([stage, phase]) => {
    const closing = new LocalHost(engineEntry);
    // Another seed is another model, which has to be built.
    const seed = phase === 'building' || phase === 'preparing' ? { seed: 7 } : {};
    hold.at(entered(stage, phase));
    const run = await startRun(closing, decoderGraph(), seed);
    await run.until(entered(stage, phase));
    const processId = closing.engineProcessId as number;
    await closing.close();
    expect(isAlive(processId)).toBe(false);
    expect(await run.last()).toEqual({ type: 'run-cancelled' });
    expect(await leftovers()).toEqual([]);
  },
);

test('an engine that cannot start says so', async () => {
  vi.stubEnv('NODE_OPTIONS', '');
  const broken = new LocalHost(join(folder, 'no-engine.js'));
  const run = await startRun(broken, decoderGraph());
  expect(await run.last()).toMatchObject({
    type: 'run-failed',
    problems: [
      {
        code: 'engine-died',
        message: expect.stringMatching(
          /^The engine process ended before its first stage \(exit code 1: Error: Cannot find module .*\)\. The graph is unharmed; run it again\.$/,
        ) as string,
      },
    ],
  });
});
