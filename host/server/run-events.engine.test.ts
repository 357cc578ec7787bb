/** A page that loses its connection during a run comes back to it and misses nothing. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { createTRPCClient, httpLink } from '@trpc/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import type { NumberedEvent } from '#engine/contract/host-service.ts';
import type { Router } from '#engine/contract/router.ts';
import { decoderGraph } from '../bin/graphs.testing.ts';
import { buildPrograms, engineEntry } from '../bin/patchbay-command.testing.ts';
import { EngineHold, entered, isLike, type EventLike } from '../engine/engine-hold.testing.ts';
import { LocalFiles } from '../files/local-files.ts';
import { LocalHost } from '../local-host.ts';
import { enter } from './entering.testing.ts';
import { startServer, type RunningServer } from './start-server.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-run-events-'));
const hold = new EngineHold(folder);
Object.assign(process.env, { PATCHBAY_CACHE: join(folder, 'cache'), ...hold.environment });
const page = join(folder, 'page');

let host: LocalHost;
let server: RunningServer;
let origin: string;
let headers: Readonly<Record<string, string>>;
let client: ReturnType<typeof createTRPCClient<Router>>;

beforeAll(async () => {
  await buildPrograms();
  await mkdir(page);
  await writeFile(join(page, 'index.html'), '');
  host = new LocalHost(engineEntry);
  await startAgain();
});
afterEach(() => hold.release());
afterAll(async () => {
  await server.close();
  await host.close();
  await rm(folder, { recursive: true });
});

async function startAgain(): Promise<void> {
  const started = await startServer({ host, files: new LocalFiles(join(folder, 'data')), page });
  if (!started.ok) throw new Error(started.problems[0]?.message);
  server = started.value;
  ({ origin, headers } = await enter(server.invite()));
  const url = `${origin}/rpc`;
  client = createTRPCClient<Router>({
    links: [httpLink({ url, headers, methodOverride: 'POST' })],
  });
}

async function startRun(document: GraphDocument): Promise<string> {
  const started = await client.startRun.mutate({ document, runs: 1 });
  if (!started.ok) throw new Error(started.problems[0]?.message);
  return started.value.runId;
}

interface Followed {
  /** The server said that nothing follows. */
  readonly isOver: boolean;
  readonly ids: readonly string[];
  readonly events: readonly NumberedEvent[];
}

/** The event stream as a browser reads it, up to its end or to the event that is wanted. */
async function follow(
  runId: string,
  after: number,
  { lastEventId, wanted }: { lastEventId?: string; wanted?: EventLike } = {},
): Promise<Followed> {
  const input = encodeURIComponent(JSON.stringify({ runId, after }));
  const response = await fetch(`${origin}/rpc/runEvents?input=${input}`, {
    headers: lastEventId === undefined ? headers : { ...headers, 'last-event-id': lastEventId },
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const ids: string[] = [];
  const events: NumberedEvent[] = [];
  let isOver = false;
  let rest = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const messages = (rest + chunk).split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages) {
      const fields = new Map(
        message.split('\n').map((line) => {
          const [name = '', ...value] = line.split(': ');
          return [name, value.join(': ')];
        }),
      );
      if (fields.get('event') === 'return') isOver = true;
      const id = fields.get('id');
      if (id === undefined) continue;
      ids.push(id);
      events.push(JSON.parse(fields.get('data') ?? '') as NumberedEvent);
    }
    if (wanted && events.some(({ event }) => isLike(event, wanted))) break;
  }
  return { isOver, ids, events };
}

test('events come under their numbers, and again from any of them', async () => {
  const runId = await startRun(decoderGraph());
  const all = await follow(runId, -1);
  expect(all.isOver).toBe(true);
  expect(all.events.at(-1)?.event).toEqual({ type: 'run-finished' });
  expect(all.ids).toEqual(all.events.map((_, index) => String(index)));
  expect(all.events.map(({ number }) => number)).toEqual(all.ids.map(Number));

  const later = all.events.slice(5);
  expect((await follow(runId, 4)).events).toEqual(later);
  // As a browser asks by itself when its connection comes back.
  expect((await follow(runId, -1, { lastEventId: '4' })).events).toEqual(later);
  const last = all.ids.at(-1) ?? '';
  expect(await follow(runId, -1, { lastEventId: last })).toEqual({
    isOver: true,
    ids: [],
    events: [],
  });
});

test('a page that leaves in the middle is caught up, also by a server that starts anew', async () => {
  const decoding = entered('language/decode', 'running');
  hold.at(decoding);
  const runId = await startRun(decoderGraph());
  const before = await follow(runId, -1, { wanted: decoding });
  expect(before.isOver).toBe(false);

  const cut = follow(runId, -1).catch((cause: unknown) => cause);
  await follow(runId, -1, { wanted: decoding });
  await server.close();
  expect(await cut).toBeInstanceOf(Error);
  await startAgain();

  const [status] = await client.runs.query();
  expect(status).toEqual({
    runId,
    graph: 'Sketch',
    until: null,
    startedAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    ended: false,
  });
  const rest = follow(runId, -1, { lastEventId: before.ids.at(-1) ?? '' });
  await client.cancelRun.mutate({ runId, hard: false });
  hold.release();
  const { isOver, events } = await rest;
  expect(isOver).toBe(true);
  expect([...before.events, ...events].map(({ number }) => number)).toEqual(
    Array.from({ length: before.events.length + events.length }, (_, number) => number),
  );
  expect(events.at(-1)?.event).toEqual({ type: 'run-cancelled' });
  expect((await client.runs.query())[0]?.ended).toBe(true);
});

test('a run that is not known ends at once, with a sentence', async () => {
  const { isOver, events } = await follow('none', -1);
  expect(isOver).toBe(true);
  expect(events).toMatchObject([{ event: { problems: [{ code: 'run-unknown' }] } }]);
});

test('runs are listed with the latest first', async () => {
  const runs = await client.runs.query();
  const document = { ...decoderGraph({ maxNewTokens: 1 }), title: 'The latest' };
  const started = await startRun(document);
  const [latest, ...earlier] = await client.runs.query();
  expect(latest).toMatchObject({ runId: started, graph: 'The latest' });
  expect(earlier.map(({ runId }) => runId)).toEqual(runs.map(({ runId }) => runId));
});
