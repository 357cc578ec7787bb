/** A run that is told neither how often nor on how many threads takes as many passes as its figures need. */
import { readdirSync } from 'node:fs';
import os from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportSchema } from '#engine/contract/report.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import type { RunRequest } from '#engine/contract/run-request.ts';
import { foldReport } from '#engine/profile/report.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { Workbench } from '#verify/workbench.ts';
import { readPreset } from '../presets.ts';
import { CancelSwitch } from '../sessions/progress.ts';
import { executeRun } from './execute-run.ts';
import { LastRun } from './last-run.ts';

let bench: Workbench;

beforeAll(async () => {
  bench = valueOf(await Workbench.open());
});

afterAll(() => bench.close());

async function run(request: Partial<RunRequest> = {}, lastRun = new LastRun()) {
  const events: RunEvent[] = [];
  const document = valueOf(await readPreset('shapes-llava'));
  const emit = (event: RunEvent): void => void events.push(event);
  const asked = { document, ...request };
  valueOf(await executeRun(asked, bench.loader, emit, new CancelSwitch(), lastRun));
  return { report: reportSchema.parse(foldReport('Shapes', events)), events };
}

test('a pipeline of some milliseconds is timed until two seconds or steady, and says how sure it is', async () => {
  const { report, events } = await run();
  const { runs, interval, p95 } = report.stages.find(({ id }) => id === 'encoder')!.latencyMs;
  const timedMs = events.reduce(
    (sum, event) => sum + (event.type === 'run-measured' ? event.wallMs : 0),
    0,
  );
  expect(runs >= 20 || timedMs >= 2_000).toBe(true);
  expect(interval?.certainty ?? 0).toBeGreaterThan(0.9);
  expect(p95 === null).toBe(runs < 20);
  expect(report.options).toEqual({});
  // Of the answer's few tokens each pass has too few steps to tell a speed by, all together have enough.
  expect(report.totals.decodeTokensPerSecond ?? 0).toBeGreaterThan(0);
  const watched = events.filter(({ type }) => type === 'noise-watched');
  expect(watched).toHaveLength(1);
  expect(report.noise?.othersShare ?? 0).toBeGreaterThanOrEqual(0);
});

test('what is asked for is kept and told: passes, threads, and a run that reuses is timed once', async () => {
  const { report } = await run({ runs: 2, threads: 1 });
  expect(report.options).toEqual({ runs: 2, threads: 1 });
  expect(report.machine?.threads).toBe(1);
  expect(report.stages.every(({ latencyMs }) => latencyMs.runs === 2)).toBe(true);

  // What is stored for one number of threads serves any other.
  const { events } = await run({ runs: 1, threads: 2 });
  const found = events.flatMap((event) => (event.type === 'stage-loaded' ? event.found : []));
  expect(new Set(found)).toEqual(new Set(['cached', 'loaded']));

  const lastRun = new LastRun();
  const first = await run({ reuse: true }, lastRun);
  const second = await run({ reuse: true }, lastRun);
  expect(first.report.options).toEqual({ runs: 1, reuse: true });
  expect(second.report.stages.some(({ reused }) => reused)).toBe(true);
});

test('a run of high priority comes before other programs with all its threads, or says that it may not', async () => {
  const usual = os.getPriority();
  const during: number[] = [];
  const events: RunEvent[] = [];
  const document = valueOf(await readPreset('shapes-llava'));
  const emit = (event: RunEvent): void => {
    events.push(event);
    if (event.type === 'run-measured') during.push(...threadPriorities());
  };
  const asked: RunRequest = { document, runs: 1, priority: 'high' };
  valueOf(await executeRun(asked, bench.loader, emit, new CancelSwitch(), new LastRun()));
  const report = foldReport('Shapes', events);
  expect(report.options).toEqual({ runs: 1, priority: 'high' });
  const isRefused = report.problems.some(({ code }) => code === 'priority-refused');
  const raised = isRefused ? usual : os.constants.priority.PRIORITY_HIGH;
  expect(new Set(during)).toEqual(new Set([raised]));
  expect(new Set(threadPriorities())).toEqual(new Set([usual]));
});

/** Of every thread where the system tells them apart. */
const threadPriorities = (): readonly number[] =>
  process.platform === 'linux'
    ? readdirSync('/proc/self/task').map((id) => os.getPriority(Number(id)))
    : [os.getPriority()];
