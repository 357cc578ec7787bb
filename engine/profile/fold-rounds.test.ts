/** What two rounds timed is one report of all their passes. */
import { expect, test } from 'vitest';
import type { Noise, RunEvent } from '../contract/run-event.ts';
import { foldRounds } from './fold-rounds.ts';
import { sampleMachine } from './sample-report.testing.ts';

const encoder = {
  id: 'encoder',
  node: 'encoder',
  type: 'encoder/clip-vit',
  title: 'CLIP ViT',
  phase: null,
  precision: null,
  weights: null,
} as const;

const quiet: Noise = { othersShare: 0, swappedBytes: 0, clockMHz: null };
const disturbed: Noise = { ...quiet, othersShare: 0.4 };

/** Of three passes, the first of which warms up. */
const round = (latenciesMs: readonly number[], noise: Noise): readonly RunEvent[] => [
  {
    type: 'run-started',
    machine: sampleMachine,
    stages: [encoder],
    wires: [],
    options: {},
    holding: 'together',
  },
  ...latenciesMs.flatMap((latencyMs, run): readonly RunEvent[] => [
    {
      type: 'stage-measured',
      stage: 'encoder',
      run,
      latencyMs,
      peakBytes: 100 * (run + 1),
      tokensIn: null,
      tokensOut: 576,
      flops: 1,
      movedBytes: null,
      keyValueBytes: 0,
      recurrentBytes: 0,
    },
    { type: 'run-measured', run, wallMs: latencyMs + 1, peakBytes: 500 },
  ]),
  { type: 'noise-watched', noise },
  { type: 'run-finished' },
];

test('passes of all rounds count, those that warm up in none, and a disturbance in any is told', () => {
  const rounds = [
    round([900, 10, 20], quiet),
    round([800, 30, 40], disturbed),
    round([700, 50, 60], quiet),
  ];
  const { stages, totals, noise } = foldRounds('Both', rounds);
  expect(stages[0]?.latencyMs).toMatchObject({ median: 35, runs: 6 });
  expect(totals.wallMs).toBe(36);
  expect(noise).toEqual(disturbed);
});

test('of no round there is a report that says nothing', () => {
  expect(foldRounds('None', [])).toMatchObject({ graph: 'None', stages: [], noise: null });
});
