/** Two servers share one cache folder: what one does to it costs the other time, never an answer. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { decoderGraph } from '../bin/graphs.testing.ts';
import { buildPrograms, engineEntry } from '../bin/patchbay-command.testing.ts';
import { EngineHold, entered } from '../engine/engine-hold.testing.ts';
import { startRun, type FollowedRun } from '../engine/followed-run.testing.ts';
import { LocalHost } from '../local-host.ts';

const folder = await mkdtemp(join(os.tmpdir(), 'patchbay-two-servers-'));
const hold = new EngineHold(folder);
Object.assign(process.env, {
  PATCHBAY_CACHE: join(folder, 'cache'),
  // Smaller than any stage: whoever builds one makes room by removing all that it does not use itself.
  PATCHBAY_CACHE_LIMIT_GB: '0.000001',
  ...hold.environment,
});

const hosts: LocalHost[] = [];
function newHost(): LocalHost {
  const host = new LocalHost(engineEntry);
  hosts.push(host);
  return host;
}

beforeAll(buildPrograms);
afterEach(() => hold.release());
afterAll(async () => {
  await Promise.all(hosts.map((host) => host.close()));
  await rm(folder, { recursive: true });
});

const [graph, other] = [decoderGraph(), decoderGraph({ hiddenSize: 48 })];
const loading = entered('language/prefill', 'loading');

/** The answer of a run that nothing went wrong in, and nothing was said to have gone wrong in. */
async function answerOf(run: FollowedRun): Promise<string> {
  expect(await run.last()).toEqual({ type: 'run-finished' });
  expect(run.events.filter(({ type }) => type === 'run-warned')).toEqual([]);
  const answer = await run.until({ type: 'answer' });
  return answer.type === 'answer' ? answer.text : '';
}

const start = (host: LocalHost, document = graph) => startRun(host, document);

test('both build the same at once, and each has its answer', async () => {
  const [one, two] = [newHost(), newHost()];
  const runs = await Promise.all([start(one), start(two)]);
  const answers = await Promise.all(runs.map(answerOf));
  expect(answers[0]).toBe(answers[1]);
  const stages = await readdir(join(folder, 'cache', 'stages'));
  expect(stages.filter((name) => name.startsWith('building-'))).toEqual([]);
});

test('one makes room by what the other has loaded, and the other goes on', async () => {
  const [one, two] = [newHost(), newHost()];
  const expected = await answerOf(await start(one));
  const elsewhere = await answerOf(await start(two, other));
  expect(await answerOf(await start(one))).toBe(expected);
  expect(await answerOf(await start(one, other))).toBe(elsewhere);
  expect(await answerOf(await start(two))).toBe(expected);
});

test.for(['has just built', 'has just found'])(
  'one removes what the other %s and is about to load',
  async (story) => {
    const [loader, remover] = [newHost(), newHost()];
    await remover.clearCache();
    const expected = story.endsWith('found') ? await answerOf(await start(newHost())) : null;
    hold.at(loading);
    const run = await start(loader);
    await run.until(loading);
    await remover.clearCache();
    hold.release();
    const answer = await answerOf(run);
    expect(answer).toBe(expected ?? (await answerOf(await start(newHost()))));
  },
);
