/**
 * The engine as the app runs it: started by the window's process for the server's, which speak over one line. Node.js
 * forks it here; in the app Electron does (utility-child.ts).
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { decoderGraph } from '#host/bin/graphs.testing.ts';
import { buildPrograms, engineEntry } from '#host/bin/patchbay-command.testing.ts';
import { EngineHold, entered } from '#host/engine/engine-hold.testing.ts';
import { startRun } from '#host/engine/followed-run.testing.ts';
import { LocalHost } from '#host/local-host.ts';
import { forkChild } from '#host/system/child-program.ts';
import { AskedPrograms } from './asked-programs.ts';
import { ProgramRelay } from './program-relay.ts';
import { fromServerSchema, toServerSchema } from './server-message.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-program-relay-'));
const temporary = await mkdtemp(join(folder, 'temporary-'));
const hold = new EngineHold(folder);
Object.assign(process.env, {
  PATCHBAY_CACHE: join(folder, 'cache'),
  TMPDIR: temporary,
  ...hold.environment,
});

let host: LocalHost;
let relay: ProgramRelay;

beforeAll(buildPrograms);
beforeEach(() => {
  // Two processes in one: what passes between them is copied and checked as it is on the line.
  relay = new ProgramRelay(
    (program, args, environment) =>
      forkChild(join(dirname(engineEntry), `${program}.js`), args, environment),
    (message) => programs.hear(toServerSchema.parse(structuredClone(message))),
  );
  const programs = new AskedPrograms((message) =>
    relay.hear(fromServerSchema.parse(structuredClone(message))),
  );
  host = new LocalHost('where the window knows/engine-process.js', { startChild: programs.start });
});
afterEach(async () => {
  hold.release();
  await host.close();
});
afterAll(() => rm(folder, { recursive: true }));

test('A run comes back with its events, and its process has the id that it says', async () => {
  const run = await startRun(host, decoderGraph());
  expect(await run.last()).toEqual({ type: 'run-finished' });
  expect(run.events.some(({ type }) => type === 'token')).toBe(true);
  expect(process.kill(host.engineProcessId as number, 0)).toBe(true);
});

test('An engine that is killed is told as it is without a relay, and the next run has another', async () => {
  hold.at(entered('language/prefill', 'running'));
  const run = await startRun(host, decoderGraph());
  await run.until(entered('language/prefill', 'running'));
  process.kill(host.engineProcessId as number, 'SIGKILL');
  expect(await run.last()).toMatchObject({
    type: 'run-failed',
    problems: [{ code: 'engine-died', message: expect.stringMatching(/something killed it/) }],
  });
  hold.release();
  const next = await startRun(host, decoderGraph());
  expect(await next.last()).toEqual({ type: 'run-finished' });
});

test('A hard cancel ends an engine that hears nothing, and leaves nothing behind', async () => {
  hold.at(entered('language/prefill', 'running'));
  const run = await startRun(host, decoderGraph());
  await run.until(entered('language/prefill', 'running'));
  await host.cancelRun({ runId: run.runId, hard: true });
  expect(await run.last()).toEqual({ type: 'run-cancelled' });
  expect(await readdir(temporary)).toEqual([]);
});

test('An engine whose server is gone ends and clears up after itself', async () => {
  const run = await startRun(host, decoderGraph());
  await run.last();
  expect(await readdir(temporary)).toHaveLength(1);
  relay.close();
  await vi.waitUntil(() => host.engineProcessId === undefined, { timeout: 300_000 });
  expect(await readdir(temporary)).toEqual([]);
});
