/** What a run says of the engine's memory in its course. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportSchema, type Report } from '#engine/contract/report.ts';
import type { RunEvent } from '#engine/contract/run-event.ts';
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

async function run(runs: number) {
  const document = valueOf(await readPreset('shapes-llava'));
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  valueOf(await executeRun({ document, runs }, bench.loader, emit, new CancelSwitch()));
  const report: Report = reportSchema.parse(foldReport('Shapes', events));
  return { events, report };
}

test('weights come as stages are loaded, state with the prompt, activations with every stage; all of it is held', async () => {
  const { report } = await run(3);
  const { memoryOverTime: moments, stages, totals } = report;
  const times = moments.map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(moments[0]?.byKind).toEqual({ weights: 0, packedCopies: 0, state: 0, activations: 0 });
  for (const { id, latencyMs } of stages.filter(({ phase }) => phase !== 'draft')) {
    const ends = moments.filter(({ stage, phase }) => stage === id && phase === 'running');
    expect(ends.length, id).toBeGreaterThanOrEqual(2 * latencyMs.runs);
  }
  // Each model counts once, though prefill and decode run the same one.
  const weights = moments.map(({ byKind }) => byKind.weights);
  expect(weights).toEqual(weights.toSorted((a, b) => a - b));
  const told = stages
    .filter(({ phase }) => phase !== 'decode')
    .reduce((sum, { memory }) => sum + memory.weightsBytes, 0);
  expect(weights.at(-1)).toBeGreaterThan(0);
  expect(weights.at(-1)).toBeLessThanOrEqual(told);
  const stateBytes = Math.max(...stages.map(({ memory }) => memory.stateBytes));
  expect(moments.at(-1)?.byKind.state).toBe(stateBytes);
  expect(Math.max(...moments.map(({ byKind }) => byKind.activations))).toBeGreaterThan(0);
  // What is accounted for is part of what the process held, whose highest is the run's peak or was before any pass.
  for (const { byKind, residentBytes } of moments) {
    const accounted = byKind.weights + byKind.packedCopies + byKind.state + byKind.activations;
    expect(accounted).toBeLessThan(residentBytes);
  }
  expect(Math.max(...moments.map(({ residentBytes }) => residentBytes))).toBeGreaterThanOrEqual(
    totals.peakBytes,
  );
});

test('models that are still loaded count from the start, and many passes tell no more than a few hundred samples', async () => {
  const { events, report } = await run(60);
  const [first] = report.memoryOverTime;
  expect(first?.byKind.weights).toBe(report.memoryOverTime.at(-1)?.byKind.weights);
  expect(report.stages[0]?.latencyMs.runs).toBe(60);
  const samples = events.filter(({ type }) => type === 'memory-sampled');
  expect(samples.length).toBeGreaterThan(100);
  expect(samples.length).toBeLessThanOrEqual(600);
});
