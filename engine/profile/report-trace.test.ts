import { expect, test } from 'vitest';
import type { RunEvent, StageFacts } from '../contract/run-event.ts';
import { foldReport } from './report.ts';
import { reportTrace } from './report-trace.ts';

const facts = (id: string, title: string): StageFacts => ({
  id,
  node: id,
  type: 'encoder/clip-vit',
  title,
  phase: null,
  precision: 'float32',
  weights: 'random',
});

const measured = (stage: string, latencyMs: number): RunEvent => ({
  type: 'stage-measured',
  stage,
  run: 1,
  latencyMs,
  tokensIn: null,
  tokensOut: 4,
  flops: 10,
  movedBytes: null,
  peakBytes: 100,
  keyValueBytes: 0,
  recurrentBytes: 0,
});

const product = {
  part: 'layers.0',
  name: 'MatMul/layers.0/MatMul',
  kind: 'MatMul',
  calls: 1,
  profiledMs: 3,
  inputs: ['1 × 4'],
  outputs: ['1 × 4'],
  bytesPerCall: 32,
};

test('stages lie one behind the other, and what was profiled lies within its stage', () => {
  const report = foldReport('Graph', [
    {
      type: 'run-started',
      machine: {
        platform: 'linux',
        cpu: 'a processor',
        cores: 2,
        threads: 2,
        memoryBytes: 1,
        node: '20',
        onnxRuntime: '1',
        patchbay: '0',
      },
      stages: [facts('one', 'First'), facts('two', 'Second')],
      wires: [],
      options: { runs: 1 },
    },
    measured('one', 2),
    measured('two', 6),
    {
      type: 'operators-profiled',
      stage: 'two',
      operators: [product, { ...product, part: '', kind: 'Add', profiledMs: 1 }],
    },
  ]);
  const { traceEvents, otherData } = JSON.parse(reportTrace(report)) as {
    traceEvents: { name: string; cat: string; ts: number; dur: number }[];
    otherData: object;
  };
  expect(traceEvents.map(({ name, cat, ts, dur }) => [name, cat, ts, dur])).toEqual([
    ['First', 'stage', 0, 2_000],
    ['Second', 'stage', 2_000, 6_000],
    ['layers.0', 'part', 2_000, 4_500],
    ['MatMul', 'operator', 2_000, 4_500],
    ['Add', 'operator', 6_500, 1_500],
  ]);
  expect(otherData).toMatchObject({ graph: 'Graph', cpu: 'a processor' });
});
