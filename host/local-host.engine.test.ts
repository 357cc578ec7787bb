/** Runs as a page or a window starts, follows and cancels them. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { NumberedEvent } from '#engine/contract/host-service.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { decoderGraph, llavaGraph } from './bin/graphs.testing.ts';
import { buildPrograms, engineEntry } from './bin/patchbay-command.testing.ts';
import { EngineHold, entered, isLike } from './engine/engine-hold.testing.ts';
import { startRun, type FollowedRun } from './engine/followed-run.testing.ts';
import { ChosenPlaces } from './files/chosen-places.ts';
import { LocalHost } from './local-host.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-local-host-'));
const hold = new EngineHold(folder);
Object.assign(process.env, { PATCHBAY_CACHE: join(folder, 'cache'), ...hold.environment });

let host: LocalHost;

beforeAll(async () => {
  await buildPrograms();
  const chosen = new ChosenPlaces(join(folder, 'data'));
  chosen.chooseForNow(folder);
  host = new LocalHost(engineEntry, { chosen });
});
afterEach(() => hold.release());
afterAll(async () => {
  await host.close();
  await rm(folder, { recursive: true });
});

const finishedEvent = { type: 'run-finished' } as const;
const cancelledEvent = { type: 'run-cancelled' } as const;
const isToken = ({ type }: RunEvent): boolean => type === 'token';
const prefilling = entered('language/prefill', 'running');
const decoding = entered('language/decode', 'running');

const found = ({ events }: FollowedRun): readonly string[] =>
  events.flatMap((event) =>
    event.type === 'stage-loaded' ? [`${event.stage} ${event.found}`] : [],
  );

const phasesOf = ({ events }: FollowedRun): readonly string[] =>
  events.flatMap((event) =>
    event.type === 'stage-progress' ? [`${event.stage} ${event.phase}`] : [],
  );

const all = (what: string) =>
  ['encoder', 'projector', 'language/embed', 'language/prefill', 'language/decode'].map(
    (stage) => `${stage} ${what}`,
  );

async function cancel({ runId }: FollowedRun, hard: boolean): Promise<void> {
  expect(await host.cancelRun({ runId, hard })).toEqual({ ok: true, value: null });
}

/** Its weights are large enough to be mapped from disk. */
const largeGraph = decoderGraph({ hiddenSize: 512, feedForwardSize: 4096, precision: 'int8' });

describe('models', () => {
  test('are built once, stay loaded, and need no second warm-up', async () => {
    const first = await startRun(host, llavaGraph());
    expect(await first.last()).toEqual(finishedEvent);
    expect(found(first).toSorted()).toEqual(all('built').toSorted());

    const second = await startRun(host, llavaGraph());
    expect(await second.last()).toEqual(finishedEvent);
    expect(found(second).toSorted()).toEqual(all('loaded').toSorted());
    const warmed = phasesOf(second).filter((phase) => phase.endsWith(' warming-up'));
    // Inputs are looked at before every run; no model among them.
    expect(warmed).toEqual(['image warming-up', 'prompt warming-up', 'preprocess warming-up']);

    const other = new LocalHost(engineEntry);
    const third = await startRun(other, llavaGraph());
    expect(await third.last()).toEqual(finishedEvent);
    expect(found(third).toSorted()).toEqual(all('cached').toSorted());
    await other.close();
  });

  test.skipIf(process.platform === 'win32')('lie in the cache for their user alone', async () => {
    const built = await startRun(host, llavaGraph());
    expect(await built.last()).toEqual(finishedEvent);
    const entries = await readdir(join(folder, 'cache'), { recursive: true });
    const paths = entries.map((name) => join(folder, 'cache', name));
    expect(paths.length).toBeGreaterThan(5);
    const modes = await Promise.all(paths.map(async (path) => (await stat(path)).mode & 0o077));
    expect(modes.filter((mode) => mode !== 0)).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')(
    'of the run before make room before those of the next are built',
    async () => {
      const first = await startRun(host, largeGraph);
      expect(await first.last()).toEqual(finishedEvent);
      expect(await mappedBytes()).toBeGreaterThan(2e6);
      hold.at(entered('encoder', 'loading'));
      const second = await startRun(host, llavaGraph());
      await hold.isHeld();
      expect(await mappedBytes()).toBe(0);
      hold.release();
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

/** Bytes of built models that the engine process has mapped into its memory, as Linux tells it. */
async function mappedBytes(): Promise<number> {
  const maps = await readFile(`/proc/${host.engineProcessId}/maps`, 'utf8');
  const ranges = maps.matchAll(/^(\w+)-(\w+) .*\/stages\/.*$/gm);
  return [...ranges].reduce(
    (sum, [, from, to]) => sum + Number(`0x${to}`) - Number(`0x${from}`),
    0,
  );
}

describe('a run that is cancelled', () => {
  test('softly, ends between tokens; process and models stay', async () => {
    hold.at(decoding);
    const run = await startRun(host, decoderGraph());
    await run.until(decoding);
    const processId = host.engineProcessId;
    await cancel(run, false);
    hold.release();
    expect(await run.last()).toEqual(cancelledEvent);
    const tokens = run.events.filter(isToken);
    expect(tokens.length).toBeGreaterThan(0);
    expect(tokens.length).toBeLessThan(6);

    const next = await startRun(host, decoderGraph());
    expect(await next.last()).toEqual(finishedEvent);
    expect(host.engineProcessId).toBe(processId);
    expect(found(next)).toEqual([
      'language/embed loaded',
      'language/prefill loaded',
      'language/decode loaded',
    ]);
  });

  test('softly, ends while weights are written, and behind the stage at hand', async () => {
    const writing = entered('language/prefill', 'building');
    hold.at(writing);
    const building = await startRun(host, decoderGraph(), { seed: 1 });
    await building.until(writing);
    const processId = host.engineProcessId;
    await cancel(building, false);
    hold.release();
    expect(await building.last()).toEqual(cancelledEvent);
    expect(phasesOf(building)).not.toContain('language/prefill preparing');

    hold.at(prefilling);
    const running = await startRun(host, decoderGraph());
    await running.until(prefilling);
    await cancel(running, false);
    hold.release();
    expect(await running.last()).toEqual(cancelledEvent);
    expect(running.events.filter(isToken)).toEqual([]);
    expect(host.engineProcessId).toBe(processId);
  });

  test('softly, ends within a limit where a tokenizer would never come to its end', async () => {
    const endless = join(folder, 'endless-tokenizer');
    await mkdir(endless);
    const split = {
      type: 'Split',
      pattern: { Regex: '(a+)+$' },
      behavior: 'Isolated',
      invert: false,
    };
    const model = { type: 'BPE', vocab: { a: 0, b: 1 }, merges: [], unk_token: 'b' };
    await writeFile(
      join(endless, 'tokenizer.json'),
      JSON.stringify({ model, pre_tokenizer: split, decoder: { type: 'ByteLevel' } }),
    );
    const graph = sketchDocument(
      {
        prompt: ['input/prompt', { text: `${'a'.repeat(50)}b` }],
        tokenise: ['text/tokenise', { tokenizer: { kind: 'checkpoint', folder: endless } }],
      },
      ['prompt.text > tokenise.text'],
    );
    const failed = await startRun(host, graph);
    expect(await failed.last()).toMatchObject({
      problems: [{ code: 'tokenizer-unreadable', node: 'tokenise' }],
    });
    const processId = host.engineProcessId;
    const tokenising = entered('tokenise', 'warming-up');
    hold.at(tokenising);
    const run = await startRun(host, graph);
    await run.until(tokenising);
    await cancel(run, false);
    hold.release();
    expect(await run.last()).toEqual(cancelledEvent);
    expect(host.engineProcessId).toBe(processId);
  });

  test('hard, ends though the process hears nothing, and the process with it', async () => {
    hold.at(prefilling);
    const run = await startRun(host, decoderGraph());
    await run.until(prefilling);
    const processId = host.engineProcessId;
    await cancel(run, true);
    expect(await run.last()).toEqual(cancelledEvent);
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
    hold.at(finishedEvent);
    const first = await startRun(host, llavaGraph());
    const second = await startRun(host, decoderGraph());
    expect(await first.last()).toEqual(finishedEvent);
    expect(second.events).toEqual([]);
    hold.release();
    expect(await second.last()).toEqual(finishedEvent);
  });

  test('are cancelled one by one, the waiting one at once', async () => {
    hold.at(decoding);
    const first = await startRun(host, decoderGraph());
    const waiting = [
      await startRun(host, decoderGraph()),
      await startRun(host, decoderGraph()),
    ] as const;
    await first.until(decoding);
    await cancel(waiting[0], false);
    expect(await waiting[0].last()).toEqual(cancelledEvent);
    expect(waiting[0].events).toEqual([cancelledEvent]);
    expect(first.events.at(-1)).toMatchObject(decoding);
    await cancel(first, true);
    expect(await first.last()).toEqual(cancelledEvent);
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
    hold.at(prefilling);
    const run = await startRun(host, decoderGraph());
    const leaving = new AbortController();
    const seen: NumberedEvent[] = [];
    for await (const event of host.runEvents(run.runId, -1, leaving.signal)) {
      seen.push(event);
      // Nothing more comes from an engine that is held.
      if (isLike(event.event, prefilling)) leaving.abort();
    }
    expect(run.events).toHaveLength(seen.length);
    const aborted = new AbortController();
    aborted.abort();
    expect(await collect(host.runEvents(run.runId, -1, aborted.signal))).toEqual([]);
    await cancel(run, true);
    expect(await collect(host.runEvents(run.runId, seen.length - 1))).toEqual([
      { number: seen.length, event: cancelledEvent },
    ]);
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
  expect(phasesOf(run).filter((phase) => phase.endsWith(' building'))).toEqual([]);
});
