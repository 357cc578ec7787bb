/** Graphs are checked beside the server: it answers others meanwhile, and ends what nobody waits for. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { createTRPCClient, httpLink } from '@trpc/client';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { router, type Router } from '#engine/contract/router.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { decoderGraph } from './bin/graphs.testing.ts';
import { buildPrograms, engineEntry } from './bin/patchbay-command.testing.ts';
import { EngineHold } from './engine/engine-hold.testing.ts';
import { LocalFiles } from './files/local-files.ts';
import { LocalHost } from './local-host.ts';
import { Checker, checkLimits } from './checker.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-checker-'));
const hold = new EngineHold(folder);
Object.assign(process.env, { PATCHBAY_CACHE: join(folder, 'cache'), ...hold.environment });
const checkEntry = join(dirname(engineEntry), 'check-process.js');

const host = new LocalHost(engineEntry);
const services = { host, files: new LocalFiles(join(folder, 'data')) };
const server = createServer(createHTTPHandler({ router, createContext: () => services }));
let client: ReturnType<typeof createTRPCClient<Router>>;

beforeAll(async () => {
  await buildPrograms();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = createTRPCClient<Router>({ links: [httpLink({ url: `http://127.0.0.1:${port}` })] });
});
afterEach(() => hold.release());
afterAll(async () => {
  await host.close();
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

/** Waiting for a state costs nothing where it comes soon. */
const patienceMs = 300_000;

const isGone = (processId: number): boolean => {
  try {
    return !process.kill(processId, 0);
  } catch {
    return true;
  }
};

const sound = { document: decoderGraph(), baseFolder: folder, unchosen: [] };
const unsound = {
  document: decoderGraph({ headCount: 3, keyValueHeadCount: 2 }),
  baseFolder: folder,
  unchosen: [],
};
const sentences = (problems: readonly Problem[]): readonly string[] =>
  problems.map(({ message }) => message);

describe('while a graph is checked', () => {
  test('another call is answered', async () => {
    hold.at({ type: 'checking' });
    const check = client.check.query(sound);
    await hold.isHeld();
    expect(await client.machine.query()).toHaveProperty('memoryBytes');
    hold.release();
    expect(await check).toEqual([]);
  });

  test('whoever leaves ends the check and its process, and the next graph is checked', async () => {
    hold.at({ type: 'checking' });
    const edited = new AbortController();
    const older = client.check.query(sound, { signal: edited.signal }).catch(() => 'left');
    await hold.isHeld();
    const processId = host.checkProcessId as number;
    expect(isGone(processId)).toBe(false);
    edited.abort();
    const newer = client.check.query(unsound);
    expect(await older).toBe('left');
    // Still held, so that only being ended can have made room for the newer one.
    expect(sentences(await newer)).toEqual([expect.stringContaining('3 heads do not divide')]);
    expect(isGone(processId)).toBe(true);
  });
});

describe('a check', () => {
  const checker = new Checker(checkEntry);
  afterAll(() => checker.close());

  test('that waits behind another may leave, and leaves the other alone', async () => {
    hold.at({ type: 'checking' });
    const first = checker.check(unsound);
    const left = new AbortController();
    const second = checker.check(sound, left.signal);
    const third = checker.check(sound);
    await hold.isHeld();
    left.abort();
    expect(sentences(await second)).toEqual([
      'The graph was not checked to its end. Nobody waits for it any more; check the graph again.',
    ]);
    hold.release();
    expect(sentences(await first)).toHaveLength(1);
    expect(await third).toEqual([]);
  });

  test('is refused where as many wait as ever should', async () => {
    hold.at({ type: 'checking' });
    const waiting = Array.from({ length: checkLimits.waiting }, () => checker.check(sound));
    expect(sentences(await checker.check(sound))).toEqual([
      'The graph was not checked to its end. More than 32 checks wait already; check the graph again in a moment.',
    ]);
    await hold.isHeld();
    hold.release();
    expect((await Promise.all(waiting)).flat()).toEqual([]);
  });

  test('whose process is killed says so, and the next has a new one', async () => {
    hold.at({ type: 'checking' });
    const killed = checker.check(sound);
    await hold.isHeld();
    process.kill(checker.processId as number, 'SIGKILL');
    expect(sentences(await killed)).toEqual([
      'The graph was not checked to its end. Its process ended (something killed it, perhaps for lack of memory); change the graph, or check it again.',
    ]);
    expect(await checker.check(sound)).toEqual([]);
  });

  test('that takes longer than any should is ended with its process', async () => {
    const hasty = new Checker(checkEntry, { deadlineMs: 1_000 });
    hold.at({ type: 'checking' });
    const late = hasty.check(sound);
    const processId = hasty.processId as number;
    expect(sentences(await late)).toEqual([
      'The graph was not checked to its end. It took more than 1 seconds; make the graph smaller, or look for a slow disk or a long clip that it reads.',
    ]);
    await vi.waitUntil(() => isGone(processId), { timeout: patienceMs });
    await hasty.close();
  });
});
