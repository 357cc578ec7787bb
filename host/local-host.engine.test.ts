/** Runs as a page or a window starts, follows and cancels them. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NumberedEvent } from '#engine/contract/host-service.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { decoderGraph, largeGraph, llavaGraph } from './bin/graphs.testing.ts';
import { buildPrograms, engineEntry } from './bin/patchbay-command.testing.ts';
import { entered, startRun, type FollowedRun } from './engine/followed-run.testing.ts';
import { LocalHost } from './local-host.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-local-host-'));
process.env['PATCHBAY_CACHE'] = join(folder, 'cache');

let host: LocalHost;

beforeAll(async () => {
  await buildPrograms();
  host = new LocalHost(engineEntry);
});
afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true });
});

const finishedEvent = { type: 'run-finished' };
const cancelledEvent = { type: 'run-cancelled' };
const isToken = ({ type }: RunEvent): boolean => type === 'token';

const found = ({ events }: FollowedRun): readonly string[] =>
  events.flatMap((event) =>
    event.type === 'stage-loaded' ? [`${event.stage} ${event.found}`] : [],
  );

const all = (what: string) =>
  ['encoder', 'projector', 'language/embed', 'language/prefill', 'language/decode'].map(
    (stage) => `${stage} ${what}`,
  );

/** How long a cancelled run takes to end. */
async function cancel(run: FollowedRun, hard: boolean): Promise<number> {
  const start = performance.now();
  expect(await host.cancelRun({ runId: run.runId, hard })).toEqual({ ok: true, value: null });
  expect(await run.last()).toEqual(cancelledEvent);
  return performance.now() - start;
}

describe('models', () => {
  test('are built once, stay loaded, and need no second warm-up', async () => {
    const first = await startRun(host, llavaGraph());
    expect(await first.last()).toEqual(finishedEvent);
    expect(found(first).toSorted()).toEqual(all('built').toSorted());

    const second = await startRun(host, llavaGraph());
    expect(await second.last()).toEqual(finishedEvent);
    expect(found(second).toSorted()).toEqual(all('loaded').toSorted());
    const warmed = second.events.flatMap((event) =>
      event.type === 'stage-progress' && event.phase === 'warming-up' ? [event.stage] : [],
    );
    // Inputs are looked at before every run; no model among them.
    expect(warmed).toEqual(['image', 'prompt', 'preprocess']);

    const other = new LocalHost(engineEntry);
    const third = await startRun(other, llavaGraph());
    expect(await third.last()).toEqual(finishedEvent);
    expect(found(third).toSorted()).toEqual(all('cached').toSorted());
    await other.close();
  });

  test.skipIf(process.platform !== 'linux')(
    'of the run before make room before those of the next are built',
    async () => {
      const first = await startRun(host, largeGraph({ maxNewTokens: 1 }));
      expect(await first.last()).toEqual(finishedEvent);
      const heldBytes = await engineBytes();
      const second = await startRun(host, llavaGraph());
      await second.until(entered('encoder', 'loading'));
      expect(await engineBytes()).toBeLessThan(heldBytes - 100e6);
      expect(await second.last()).toEqual(finishedEvent);
    },
  );

  test('that are damaged on disk are built anew', async () => {
    const stages = join(folder, 'cache', 'stages');
    for (const key of await readdir(stages)) {
      const file = join(stages, key, 'ready.onnx');
      await writeFile(file, Buffer.alloc((await stat(file)).size, 0xff));
    }
    const other = new LocalHost(engineEntry);
    const run = await startRun(other, llavaGraph());
    expect(await run.last()).toEqual(finishedEvent);
    expect(found(run).toSorted()).toEqual(all('built').toSorted());
    await other.close();
  });
});

/** Resident memory of the engine process, as Linux tells it. */
async function engineBytes(): Promise<number> {
  const status = await readFile(`/proc/${host.engineProcessId}/status`, 'utf8');
  return 1024 * Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]);
}

describe('a run that is cancelled', () => {
  test('softly, ends between tokens; process and models stay', async () => {
    const run = await startRun(host, largeGraph());
    await run.until(isToken);
    const processId = host.engineProcessId;
    expect(await cancel(run, false)).toBeLessThan(2000);

    const next = await startRun(host, largeGraph(), { maxNewTokens: 1 });
    expect(await next.last()).toEqual(finishedEvent);
    expect(host.engineProcessId).toBe(processId);
    expect(found(next)).toEqual([
      'language/embed loaded',
      'language/prefill loaded',
      'language/decode loaded',
    ]);
  });

  test('softly, ends while weights are written, and behind the stage at hand', async () => {
    const building = await startRun(host, largeGraph(), { seed: 1 });
    await building.until(entered('language/prefill', 'building'));
    const processId = host.engineProcessId;
    expect(await cancel(building, false)).toBeLessThan(2000);

    const running = await startRun(host, largeGraph());
    await running.until(entered('language/prefill', 'running'));
    expect(await cancel(running, false)).toBeLessThan(5000);
    expect(running.events.filter(isToken)).toEqual([]);
    expect(host.engineProcessId).toBe(processId);
  });

  test('hard, ends at once and the process with it', async () => {
    const run = await startRun(host, largeGraph());
    await run.until(entered('language/prefill', 'running'));
    const processId = host.engineProcessId;
    expect(await cancel(run, true)).toBeLessThan(1000);
    expect(host.engineProcessId).toBeUndefined();

    const next = await startRun(host, decoderGraph());
    expect(await next.last()).toEqual(finishedEvent);
    expect(host.engineProcessId).not.toBe(processId);
  });

  test('after its end, or that never was, changes nothing or is told so', async () => {
    const run = await startRun(host, decoderGraph());
    await run.last();
    expect(await host.cancelRun({ runId: run.runId, hard: true })).toEqual({
      ok: true,
      value: null,
    });
    expect(host.engineProcessId).toBeDefined();
    const unknown = await host.cancelRun({ runId: 'none', hard: false });
    expect(unknown).toMatchObject({ ok: false, problems: [{ code: 'run-unknown' }] });
  });
});

describe('runs started at once', () => {
  test('go one after the other', async () => {
    const runs = [
      await startRun(host, llavaGraph()),
      await startRun(host, decoderGraph()),
    ] as const;
    const order: string[] = [];
    await Promise.all(
      runs.map(async ({ runId }, index) => {
        for await (const { event } of host.runEvents(runId, -1))
          order.push(`${index} ${event.type}`);
      }),
    );
    expect(order.indexOf('1 run-started')).toBeGreaterThan(order.indexOf('0 run-finished'));
    expect(order.at(-1)).toBe('1 run-finished');
  });

  test('are cancelled one by one, the waiting one at once', async () => {
    const first = await startRun(host, largeGraph());
    const waiting = [
      await startRun(host, decoderGraph()),
      await startRun(host, decoderGraph()),
    ] as const;
    await first.until(isToken);
    expect(await cancel(waiting[0], false)).toBeLessThan(500);
    expect(waiting[0].events).toEqual([cancelledEvent]);
    expect(first.events.at(-1)?.type).toBe('token');
    await cancel(first, true);
    expect(await waiting[1].last()).toEqual(finishedEvent);
  });
});

describe('events of a run', () => {
  async function collect(events: AsyncIterable<NumberedEvent>): Promise<readonly NumberedEvent[]> {
    const collected: NumberedEvent[] = [];
    for await (const event of events) collected.push(event);
    return collected;
  }

  test('are the same for all who follow, early or late, from the start or from where they left', async () => {
    const run = await startRun(host, decoderGraph());
    const early = collect(host.runEvents(run.runId, -1));
    await run.last();
    const late = await collect(host.runEvents(run.runId, -1));
    expect(late.map(({ number }) => number)).toEqual(late.map((_, index) => index));
    expect(late.at(-1)?.event).toEqual(finishedEvent);
    expect(late.filter(({ event }) => isToken(event))).toHaveLength(6);
    expect(await early).toEqual(late);
    expect(await collect(host.runEvents(run.runId, 4))).toEqual(late.slice(5));
    expect(await collect(host.runEvents(run.runId, late.length))).toEqual([]);
    expect(await collect(host.runEvents(run.runId, -100))).toEqual(late);
  });

  test('are not waited for by one who has left', async () => {
    const run = await startRun(host, largeGraph());
    const leaving = new AbortController();
    const seen: NumberedEvent[] = [];
    for await (const event of host.runEvents(run.runId, -1, leaving.signal)) {
      seen.push(event);
      // Nothing more comes until the prefill is over.
      if (entered('language/prefill', 'running')(event.event)) leaving.abort();
    }
    expect(run.events.some(isToken)).toBe(false);
    const aborted = new AbortController();
    aborted.abort();
    expect(await collect(host.runEvents(run.runId, -1, aborted.signal))).toEqual([]);
    await cancel(run, true);
    expect((await collect(host.runEvents(run.runId, seen.length - 1))).at(-1)?.event).toEqual(
      cancelledEvent,
    );
  });

  test('of a run that nobody started are one sentence', async () => {
    expect(await collect(host.runEvents('none', -1))).toMatchObject([
      { event: { type: 'run-failed', problems: [{ code: 'run-unknown' }] } },
    ]);
  });
});

test('what a run needs is looked at before anything is built', async () => {
  const run = await startRun(
    host,
    llavaGraph({ weights: { kind: 'checkpoint', folder: 'nowhere' } }),
    {
      seed: 99,
      baseFolder: folder,
    },
  );
  expect(await run.last()).toMatchObject({
    type: 'run-failed',
    problems: [{ code: 'checkpoint-unreadable', node: 'language' }],
  });
  expect(
    run.events.some((event) => event.type === 'stage-progress' && event.phase === 'building'),
  ).toBe(false);
});
