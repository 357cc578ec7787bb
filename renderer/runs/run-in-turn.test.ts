import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RunLog } from '#host/engine/run-log.ts';
import { openDocument } from '#renderer/workspace/workspace-store.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { isRunnable, runInTurn } from './run-in-turn.ts';
import { runStore, type FollowedRun } from './run-store.ts';
import { cancelRun, startRun } from './start-run.ts';
import {
  closeWindow,
  finished,
  graph,
  measured,
  openWindow,
  over,
  run,
  runOnce,
  started,
  type ToldHost,
} from './told-host.testing.ts';

let host: ToldHost;

beforeEach(async () => {
  ({ host } = openWindow((...of) => new RunLog(...of)));
  // Two runs, of the graph and of another, that somebody now holds side by side.
  await runOfGraph('run-1');
  openDocument({ ...graph, title: 'Other' }, { id: 'other' });
  await runOfGraph('run-2');
});
afterEach(() => closeWindow(host));

async function runOfGraph(runId: string): Promise<void> {
  await startRun();
  host.tell(runId, started, finished);
  await runOnce(runId, over);
}

function both(): [Parameters<typeof runInTurn>[0], Parameters<typeof runInTurn>[1]] {
  const [a, b] = [run('run-1'), run('run-2')];
  if (!isRunnable(a) || !isRunnable(b)) throw new Error('Their graphs are known.');
  return [a, b];
}

/** What they are while they are run again: A and B. */
const again = (): readonly [a: FollowedRun, b: FollowedRun] => {
  const [b, a] = runStore.getState().runs;
  return [a, b] as [FollowedRun, FollowedRun];
};

/** The host has been asked for so many runs. */
const asked = (count: number) =>
  vi.waitFor(() => expect(host.requests).toHaveLength(count), { timeout: 300_000 });

const took = (latencyMs: number): RunEvent => ({
  ...(measured as Extract<RunEvent, { type: 'stage-measured' }>),
  latencyMs,
});
const passOver: RunEvent = { type: 'run-measured', run: 1, wallMs: 50, peakBytes: 1e8 };
const decode = ({ report }: FollowedRun) => report.stages[0]?.latencyMs;

test('two graphs run in turn, each first as often as the other, and all rounds of one are one run', async () => {
  const turns = runInTurn(...both());
  const latencies = [40, 90, 80, 42, 44, 100];
  for (const [index, latencyMs] of latencies.entries()) {
    await asked(3 + index);
    host.tell(`run-${3 + index}`, started, took(latencyMs), passOver, finished);
  }
  await turns;
  const order = host.requests.slice(2).map(({ document }) => document.title);
  expect(order).toEqual(['Sketch', 'Other', 'Other', 'Sketch', 'Sketch', 'Other']);
  const [a, b] = again();
  expect(runStore.getState().comparedIds).toEqual([a.runId, b.runId]);
  expect(runStore.getState().runs).toHaveLength(4);
  expect(a).toMatchObject({ rounds: 3, documentId: 'graph', baseFolder: '/graphs' });
  expect(decode(a)).toMatchObject({ median: 42, runs: 3 });
  expect(decode(b)).toMatchObject({ median: 90, runs: 3 });
  expect([a, b].every(over)).toBe(true);
});

test('whichever of the two is cancelled, the round that goes on ends, and no other begins', async () => {
  const turns = runInTurn(...both());
  await asked(3);
  host.tell('run-3', started, took(40), passOver, finished);
  await asked(4);
  const [waiting] = again();
  expect(waiting.live.status).toBe('starting');
  await cancelRun(waiting.runId, false);
  expect(host.cancels).toEqual([{ runId: 'run-4', hard: false }]);
  host.tell('run-4', { type: 'run-cancelled' });
  await turns;
  expect(host.requests).toHaveLength(4);
  expect(again().map(({ live }) => live.status)).toEqual(['cancelled', 'cancelled']);
  expect(decode(again()[0])).toMatchObject({ median: 40, runs: 1 });
});
