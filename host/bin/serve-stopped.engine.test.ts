/** A server that is stopped, or killed, in a run takes its engine along and leaves no file; the next one serves. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { EngineHold, entered, isLike, type EventLike } from '../engine/engine-hold.testing.ts';
import { decoderGraph } from './graphs.testing.ts';
import { buildPrograms } from './patchbay-command.testing.ts';
import { servePatchbay, type ServedPatchbay } from './served-patchbay.testing.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-serve-stopped-'));
const [cache, temporary] = [join(folder, 'cache'), join(folder, 'temporary')];
const hold = new EngineHold(folder);
const environment = {
  PATCHBAY_DATA: join(folder, 'data'),
  TMPDIR: temporary,
  ...hold.environment,
};

/** Waiting for a state costs nothing where it comes soon. */
const patienceMs = 300_000;

beforeAll(async () => {
  await buildPrograms();
  await mkdir(temporary);
});
afterEach(() => hold.release());
afterAll(() => rm(folder, { recursive: true }));

const isAlive = (processId: number): boolean => {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
};

async function leftovers(): Promise<readonly string[]> {
  const stages = await readdir(join(cache, 'stages'));
  const unfinished = stages.filter((name) => name.startsWith('building-'));
  return [...unfinished, ...(await readdir(temporary))];
}

async function startRun({ client, runEvents }: ServedPatchbay, seed: number, until?: EventLike) {
  const started = await client.startRun.mutate({ document: decoderGraph(), runs: 1, seed });
  if (!started.ok) throw new Error(started.problems[0]?.message);
  const events: RunEvent[] = [];
  for await (const event of runEvents(started.value.runId)) {
    events.push(event);
    if (until && isLike(event, until)) break;
  }
  return events;
}

const moments = [
  ['building', entered('language/prefill', 'building')],
  ['preparing', entered('language/prefill', 'preparing')],
  ['running', entered('language/decode', 'running')],
] as const;
/** Each with a model of its own, which has to be built. */
const stops = (['SIGINT', 'SIGTERM', 'SIGKILL'] as const)
  .flatMap((signal) => moments.map(([phase, moment]) => ({ signal, phase, moment })))
  .map((stop, seed) => ({ ...stop, seed }));

test.skipIf(process.platform !== 'linux').for(stops)(
  'by $signal while a stage is $phase',
  async ({ signal, moment, seed }) => {
    const stopped = await servePatchbay(cache, environment);
    hold.at(moment);
    await startRun(stopped, seed, moment);
    const engine = stopped.engineProcessId() as number;
    const { status, stderr } = await stopped.end(signal);
    expect({ status, stderr }).toEqual({ status: signal === 'SIGKILL' ? null : 130, stderr: '' });
    // The engine of one that was killed notices as soon as it moves again.
    hold.release();
    await vi.waitUntil(() => !isAlive(engine), { timeout: patienceMs });

    const next = await servePatchbay(cache, environment);
    expect((await startRun(next, seed)).at(-1)).toEqual({ type: 'run-finished' });
    await next.end('SIGTERM');
    expect(await leftovers()).toEqual([]);
  },
);
