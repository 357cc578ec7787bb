import { afterEach, beforeEach, expect, test } from 'vitest';
import { RunLog } from '#host/engine/run-log.ts';
import { notices } from '#renderer/notices/notices.ts';
import { view } from '#renderer/view/view-store.ts';
import { activate, openDocument, workspace } from '#renderer/workspace/workspace-store.ts';
import {
  goingRun,
  ownRun,
  runStore,
  showRun,
  shownRun,
  toggleCompared,
  type FollowedRun,
} from './run-store.ts';
import { cancelRun, restoreRuns, startRun } from './start-run.ts';
import {
  closeWindow,
  decoding,
  facts,
  finished,
  graph,
  measured,
  openWindow,
  over,
  run,
  runOnce,
  started,
  token,
  type ToldHost,
  type ToldLine,
} from './told-host.testing.ts';

let host: ToldHost;
let line: ToldLine;

beforeEach(() => {
  ({ host, line } = openWindow((...of) => new RunLog(...of)));
});
afterEach(() => closeWindow(host));

const answered = (text: string) => (each: FollowedRun) =>
  each.live.answers['language']?.join() === text;
const told = (): readonly string[] => notices.getState().shown.map(({ text }) => text);

test('a run is started with what the window knows, and followed to its report', async () => {
  view.setState({ passes: 5, resultsTab: 'problems' });
  await startRun('prompt');
  expect(host.requests).toEqual([
    { document: graph, runs: 5, baseFolder: '/graphs', until: 'prompt' },
  ]);
  expect(view.getState().resultsTab).toBe('stages');
  expect(run('run-1')).toMatchObject({ documentId: 'graph', until: 'prompt', graph: 'Sketch' });
  expect(goingRun(runStore.getState(), 'graph')?.live.status).toBe('starting');

  host.tell('run-1', started, decoding, token('A'), token(' cat'));
  const going = await runOnce('run-1', answered('A cat'));
  expect(going.live).toMatchObject({ status: 'running', run: 1, current: facts.id });
  expect(going.live.stages[facts.id]).toMatchObject({ done: 2, total: 4, share: 0.5 });

  host.tell('run-1', measured, finished);
  const done = await runOnce('run-1', over);
  expect(done.live.status).toBe('finished');
  expect(done.report.stages).toMatchObject([{ id: facts.id, latencyMs: { median: 40, runs: 1 } }]);
  expect(goingRun(runStore.getState(), 'graph')).toBeNull();
  // The results say it already.
  expect(told()).toEqual([]);
});

test('a stream that breaks is taken up where it broke off, and nothing is heard twice', async () => {
  await startRun();
  host.tell('run-1', started, decoding, token('A'));
  await runOnce('run-1', answered('A'));

  line.cut();
  host.tell('run-1', token(' small'), token(' cat'));
  line.mend();
  await runOnce('run-1', answered('A small cat'));
  expect(host.streams).toEqual([-1, 2]);

  line.cut();
  host.repeats = 2;
  line.mend();
  host.tell('run-1', token('.'), finished);
  const done = await runOnce('run-1', over);
  expect(done.live.answers).toEqual({ language: ['A small cat.'] });
  expect(done.live.stages[facts.id]).toMatchObject({ done: 4, total: 4 });
  expect(host.streams).toEqual([-1, 2, 4]);
});

test('a run that is cancelled keeps what it measured, and the next one is shown', async () => {
  await startRun();
  host.tell('run-1', started, decoding, measured, token('A'));
  await runOnce('run-1', answered('A'));
  // While it goes on, the same graph is not run again.
  await startRun();
  expect(host.requests).toHaveLength(1);

  await cancelRun('run-1', false);
  expect(run('run-1').isCancelling).toBe(true);
  await cancelRun('run-1', true);
  expect(host.cancels).toEqual([
    { runId: 'run-1', hard: false },
    { runId: 'run-1', hard: true },
  ]);
  host.tell('run-1', { type: 'run-cancelled' });
  const cancelled = await runOnce('run-1', over);
  expect(cancelled.live).toMatchObject({
    status: 'cancelled',
    answers: { language: ['A'] },
  });
  expect(cancelled.report.stages).toHaveLength(1);

  showRun('run-1');
  await startRun();
  expect(runStore.getState().runs.map(({ runId }) => runId)).toEqual(['run-2', 'run-1']);
  expect(ownRun(runStore.getState(), 'graph')?.runId).toBe('run-2');
  expect(run('run-2')).toMatchObject({ isCancelling: false, live: { status: 'starting' } });
  showRun('run-1');
  expect(shownRun(runStore.getState(), 'graph')?.runId).toBe('run-1');
});

test('a host that does not answer is told of, and there is no run', async () => {
  line.cut();
  await startRun();
  expect(runStore.getState().runs).toEqual([]);
  expect(told()).toEqual([expect.stringContaining('The engine server did not answer')]);

  line.mend();
  await startRun();
  expect(goingRun(runStore.getState(), 'graph')?.runId).toBe('run-1');
});

test('more runs than a browser can follow wait for one that ends', async () => {
  for (const id of ['a', 'b', 'c', 'd']) {
    openDocument(graph, { id });
    await startRun();
  }
  activate('graph');
  await startRun();
  expect(host.requests).toHaveLength(4);
  expect(told()).toEqual(['4 runs go on or wait already; wait for one, or cancel one.']);

  host.tell('run-3', started, finished);
  await runOnce('run-3', over);
  await startRun();
  expect(run('run-5').documentId).toBe('graph');
});

test('how a run ended is told where its graph is out of sight, with the way back to it', async () => {
  await startRun();
  openDocument(graph, { id: 'other' });
  const problem = {
    code: 'run-failed',
    severity: 'error',
    message: 'The stage ran out of memory; take a smaller model.',
  } as const;
  host.tell('run-1', started, { type: 'run-failed', problems: [problem] });
  const failed = await runOnce('run-1', over);
  expect(failed.live).toMatchObject({ status: 'failed', problems: [problem] });
  const [notice] = notices.getState().shown;
  expect(notice?.text).toBe('The run of Sketch failed.');

  notice?.action?.run();
  expect(workspace.getState().activeId).toBe('graph');
  expect(runStore.getState().shownId).toBe('run-1');
});

test('a page that is loaded again comes back to its runs and to their graphs', async () => {
  await startRun();
  host.tell('run-1', started, finished);
  await runOnce('run-1', over);
  await startRun('prompt');
  host.tell('run-2', started, decoding, token('A'));
  // Started by somebody else, at the command line say.
  await host.startRun({ document: graph, runs: 1 });

  runStore.setState(runStore.getInitialState(), true);
  await restoreRuns();
  await runOnce('run-2', answered('A'));
  await runOnce('run-1', over);
  const restored = runStore.getState().runs.map((each) => [each.runId, each.documentId]);
  expect(restored).toEqual([
    ['run-3', null],
    ['run-2', 'graph'],
    ['run-1', 'graph'],
  ]);
  expect(run('run-2').until).toBe('prompt');
  host.tell('run-2', finished);
  await runOnce('run-2', over);
});

test('of runs that were over before the page was loaded nothing is told; of one that ends after it, its end', async () => {
  for (const title of ['Yesterday', 'Today'])
    await host.startRun({ document: { ...graph, title }, runs: 1 });
  host.tell('run-1', started, finished);
  host.tell('run-2', started);

  await restoreRuns();
  await runOnce('run-1', over);
  host.tell('run-2', finished);
  await runOnce('run-2', over);
  expect(told()).toEqual(['The run of Today is done.']);
  expect(run('run-1').live.status).toBe('finished');
  notices.getState().shown[0]?.action?.run();
  expect(runStore.getState().shownId).toBe('run-2');
});

test('as many runs are remembered as the host keeps, however long a window lives', async () => {
  for (let count = 1; count <= 25; count++) {
    await startRun();
    host.tell(`run-${count}`, started, finished);
    await runOnce(`run-${count}`, over);
  }
  expect(runStore.getState().runs).toHaveLength(20);
  // The other item is the session.
  expect(sessionStorage).toHaveLength(2);
  const kept = JSON.parse(sessionStorage.getItem('patchbay-run-documents') ?? '') as unknown[];
  expect(kept).toHaveLength(20);
  expect(kept.at(-1)).toEqual(['run-25', 'graph']);
});

test('two runs are compared; of three the one that was chosen first gives way', () => {
  for (const id of ['a', 'b', 'c']) toggleCompared(id);
  expect(runStore.getState().comparedIds).toEqual(['b', 'c']);
  toggleCompared('b');
  expect(runStore.getState().comparedIds).toEqual(['c']);
});

test('a run that reuses what the last one read is timed once, however many passes are set', async () => {
  view.setState({ passes: 5, reuses: true });
  await startRun();
  expect(host.requests).toEqual([{ document: graph, reuse: true, baseFolder: '/graphs' }]);
  view.setState({ reuses: false });
});
