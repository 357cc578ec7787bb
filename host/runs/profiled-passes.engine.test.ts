/** A run that is asked for its operators tells them by row, after figures that were taken without the profiler. */
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GraphDocument } from '#engine/contract/document.ts';
import { reportSchema, type Report } from '#engine/contract/report.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
import { groupOperators } from '#engine/profile/group-operators.ts';
import { foldReport } from '#engine/profile/report.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { Workbench } from '#verify/workbench.ts';
import { readPreset } from '../presets.ts';
import { CancelSwitch } from '../sessions/progress.ts';
import { executeRun } from './execute-run.ts';

let bench: Workbench;

beforeAll(async () => {
  bench = valueOf(await Workbench.open());
});

afterAll(() => bench.close());

/** Cancelled, where it is to be, when the profiled pass begins. */
async function run(document: GraphDocument, isCancelled = false) {
  const cancel = new CancelSwitch();
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => {
    events.push(event);
    const isProfiling = event.type === 'stage-progress' && event.phase === 'profiling';
    if (isProfiling && isCancelled) cancel.cancel();
  };
  const request = { document, runs: 2, operators: true };
  const outcome = await executeRun(request, bench.loader, emit, cancel);
  const report: Report = reportSchema.parse(foldReport('Shapes', events));
  return { outcome, report, events };
}

const traces = async (): Promise<readonly string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('patchbay-profile-'));

test('every row that ONNX Runtime works for has its operators, in layers and in steps', async () => {
  const { outcome, report, events } = await run(valueOf(await readPreset('shapes-llava')));
  valueOf(outcome);
  const rowOf = (phase: string) => report.operators.find(({ stage }) => stage === phase);
  expect(report.operators.map(({ stage }) => stage).toSorted()).toEqual(
    ['encoder', 'language/decode', 'language/embed', 'language/prefill', 'projector'].toSorted(),
  );
  const layers = groupOperators(rowOf('encoder')?.operators ?? [], 'layer', 1);
  // Of the tower's six layers the fifth is the last that is read.
  expect(layers.map(({ title }) => title)).toEqual(
    expect.arrayContaining(['layers.0', 'layers.4']),
  );
  const steps = (report.languageModels[0]?.answer?.tokenIds.length ?? 0) - 1;
  const decoder = (rowOf('language/decode')?.operators ?? []).filter(({ part }) =>
    part.startsWith('layers.0'),
  );
  expect(decoder.length).toBeGreaterThan(5);
  expect(new Set(decoder.map(({ calls }) => calls))).toEqual(new Set([steps]));
  const prefilled = rowOf('language/prefill')?.operators.find(({ part }) =>
    part.startsWith('layers.0'),
  );
  expect(prefilled?.calls).toBe(1);
  // What is timed is what it would be without: two passes, and no third.
  expect(report.stages.every(({ latencyMs }) => latencyMs.runs === 2)).toBe(true);
  const firstProfiled = events.findIndex(({ type }) => type === 'operators-profiled');
  expect(events.findLastIndex(({ type }) => type === 'run-measured')).toBeLessThan(firstProfiled);
  expect(await traces()).toEqual([]);
});

test('a run that is cancelled while it is profiled keeps its figures, and leaves no file', async () => {
  const { outcome, report } = await run(valueOf(await readPreset('shapes-llava')), true);
  expect(outcome).toMatchObject({ ok: false, problems: [{ code: 'run-cancelled' }] });
  expect(report.operators).toEqual([]);
  expect(report.stages.every(({ latencyMs }) => latencyMs.runs === 2)).toBe(true);
  expect(await traces()).toEqual([]);
});
