import { expect, test } from 'vitest';
import type { RunEvent, StageFacts } from '#engine/contract/run-event.ts';
import { foldReport } from '#engine/profile/report.ts';
import { foldLive, newLiveRun } from '#renderer/runs/live-run.ts';
import { cardRun } from './card-run.ts';

const facts = (id: string, phase: StageFacts['phase'] = null): StageFacts => ({
  id,
  node: id.replace(/\/.*/, ''),
  type: 'language/decoder',
  title: id,
  phase,
  precision: 'int4',
  weights: 'random',
});
const machine = {
  platform: 'linux',
  cpu: 'a',
  cores: 2,
  threads: 2,
  memoryBytes: 1e9,
  node: '20',
  onnxRuntime: '1',
  patchbay: '1',
};
const started: RunEvent = {
  type: 'run-started',
  machine,
  stages: [facts('encoder'), facts('lm/prefill', 'prefill'), facts('lm/decode', 'decode')],
  wires: [],
  options: { runs: 1 },
};
const measured = (
  stage: string,
  latencyMs: number,
  tokensOut: number | null,
  recurrentBytes = 0,
): RunEvent => ({
  type: 'stage-measured',
  stage,
  run: 1,
  latencyMs,
  tokensIn: 10,
  tokensOut,
  flops: 1,
  movedBytes: null,
  peakBytes: 2e6,
  keyValueBytes: stage === 'encoder' ? 0 : 3e6,
  recurrentBytes,
});

function runOf(events: readonly RunEvent[]) {
  return {
    runId: 'a',
    documentId: 'd',
    until: null,
    graph: 'g',
    startedAt: '',
    live: events.reduce(foldLive, newLiveRun),
    report: foldReport('g', events),
  };
}

test('a card tells the phase it is in, and only while it is in it', () => {
  const building = runOf([
    started,
    { type: 'stage-progress', stage: 'encoder', phase: 'building', run: 0, done: 40, total: 100 },
  ]);
  expect(cardRun(building, 'encoder')).toMatchObject({
    state: 'building 40%',
    isGoing: true,
    share: 0.4,
  });
  expect(cardRun(building, 'lm')).toMatchObject({ state: 'waiting', isGoing: false });
  const decoding = runOf([
    started,
    {
      type: 'stage-progress',
      stage: 'lm/decode',
      phase: 'running',
      run: 1,
      done: 23,
      total: 64,
      unit: 'tokens',
    },
  ]);
  expect(cardRun(decoding, 'lm').state).toBe('decoding 23/64');
  expect(cardRun(null, 'lm').state).toBeNull();
});

test('after the run a card holds what was measured, of all its stages', () => {
  const run = runOf([
    started,
    measured('encoder', 50, 576),
    measured('lm/prefill', 100, 1),
    measured('lm/decode', 50, 11),
    { type: 'run-measured', run: 1, wallMs: 400, peakBytes: 5e6 },
    { type: 'run-finished' },
  ]);
  const { foot, state } = cardRun(run, 'lm');
  expect(state).toBeNull();
  expect(foot?.share).toBeCloseTo(150 / 400);
  expect(foot?.lines.flat()).toEqual([
    'prefill 100\u2009ms',
    '2.00\u2009MB',
    'decode 200 tok/s',
    'KV 3.00\u2009MB',
  ]);
  expect(cardRun(run, 'encoder').foot?.lines).toEqual([['50.0\u2009ms', '2.00\u2009MB']]);

  const fast = [measured('lm/decode', 2, 11, 1e5)];
  expect(
    cardRun(runOf([started, measured('lm/prefill', 9, 1), ...fast]), 'lm').foot?.lines[1],
  ).toEqual(['5\u2009000 tok/s', 'state 3.10\u2009MB']);

  const recurrent = runOf([started, measured('lm/prefill', 100, 1, 1e6)]);
  expect(cardRun(recurrent, 'lm').foot?.lines[1]).toEqual(['', 'state 4.00\u2009MB']);
  const short = runOf([started, measured('lm/prefill', 100, 1), measured('lm/decode', 1, 1)]);
  expect(cardRun(short, 'lm').foot?.lines[1]).toEqual(['no decoding', 'KV 3.00\u2009MB']);
});

test('a card that a run broke at says why', () => {
  const message = 'The encoder needs 9 GB, 4 GB are free; choose int4.';
  const run = runOf([
    started,
    {
      type: 'run-failed',
      problems: [{ code: 'memory-short', severity: 'error', message, node: 'encoder' }],
    },
  ]);
  expect(cardRun(run, 'encoder')).toMatchObject({ state: 'failed', failure: message });
  expect(cardRun(run, 'lm')).toMatchObject({ state: null, failure: null });
});
