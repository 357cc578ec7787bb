import { expect, test } from 'vitest';
import type { RunEvent, StageFacts, StagePhase } from '../contract/run-event.ts';
import { memoryOverTime } from './memory-over-time.ts';
import { sampleMachine } from './sample-report.testing.ts';

const row = (id: string, phase: StageFacts['phase'] = null): StageFacts => ({
  id,
  node: id.split('/')[0] ?? '',
  type: 'encoder/clip-vit',
  title: id,
  phase,
  precision: 'int4',
  weights: 'random',
});

const started = (...stages: readonly StageFacts[]): RunEvent => ({
  type: 'run-started',
  machine: sampleMachine,
  stages,
  wires: [],
  options: { runs: 1 },
  holding: 'together',
});

const sampled = (
  atMs: number,
  residentBytes: number,
  stage: string | null = null,
  phase: StagePhase | null = stage === null ? null : 'running',
): RunEvent => ({ type: 'memory-sampled', atMs, residentBytes, stage, phase });

function loaded(
  stage: string,
  models: readonly (readonly [key: string, weightsBytes: number, residentBytes: number])[],
  found: 'built' | 'loaded' = 'built',
): RunEvent {
  const sum = (place: 1 | 2): number => models.reduce((all, model) => all + model[place], 0);
  return {
    type: 'stage-loaded',
    stage,
    weightsBytes: sum(1),
    residentBytes: sum(2),
    models: models.map(([key, weightsBytes, residentBytes]) => ({
      key,
      weightsBytes,
      residentBytes,
    })),
    loadMs: 1,
    found,
  };
}

const measured = (
  stage: string,
  run: number,
  peakBytes: number,
  state: { keyValueBytes?: number; recurrentBytes?: number } = {},
): RunEvent => ({
  type: 'stage-measured',
  stage,
  run,
  latencyMs: 10,
  tokensIn: null,
  tokensOut: null,
  flops: 0,
  movedBytes: null,
  peakBytes,
  keyValueBytes: 0,
  recurrentBytes: 0,
  ...state,
});

/** "time: weights + packed copies + state + activations" of every moment. */
const told = (events: readonly RunEvent[]): readonly string[] =>
  memoryOverTime(events).map(
    ({ atMs, byKind: { weights, packedCopies, state, activations } }) =>
      `${atMs}: ${weights} + ${packedCopies} + ${state} + ${activations}`,
  );

test('models count from when they were loaded, state from when it was written, activations while a stage runs', () => {
  const events = [
    started(row('encoder'), row('language/prefill', 'prefill'), row('language/decode', 'decode')),
    sampled(0, 100),
    sampled(40, 300, 'encoder', 'loading'),
    loaded('encoder', [['tower', 300, 340]]),
    sampled(50, 440, 'encoder', 'loading'),
    loaded('language/prefill', [['decoder', 500, 450]]),
    sampled(80, 890, 'language/prefill', 'loading'),
    // Both rows run the one decoder.
    loaded('language/decode', [['decoder', 500, 450]]),
    sampled(80, 890, 'language/decode', 'loading'),
    sampled(100, 890, 'encoder'),
    sampled(110, 960, 'encoder'),
    measured('encoder', 1, 410),
    sampled(110, 900, 'language/prefill'),
    sampled(130, 1030, 'language/prefill'),
    measured('language/prefill', 1, 590, { keyValueBytes: 60, recurrentBytes: 4 }),
    sampled(130, 960, 'language/decode'),
    sampled(200, 980, 'language/decode'),
    measured('language/decode', 1, 475, { keyValueBytes: 70, recurrentBytes: 4 }),
    sampled(210, 970),
  ];
  expect(told(events)).toEqual([
    '0: 0 + 0 + 0 + 0',
    '40: 0 + 0 + 0 + 0',
    '50: 300 + 40 + 0 + 0',
    '80: 750 + 40 + 0 + 0',
    '80: 750 + 40 + 0 + 0',
    '100: 750 + 40 + 0 + 70',
    '110: 750 + 40 + 0 + 70',
    '110: 750 + 40 + 0 + 76',
    '130: 750 + 40 + 64 + 76',
    '130: 750 + 40 + 64 + 15',
    '200: 750 + 40 + 74 + 15',
    '210: 750 + 40 + 74 + 0',
  ]);
  expect(memoryOverTime(events)[6]).toMatchObject({
    residentBytes: 960,
    stage: 'encoder',
    phase: 'running',
  });
});

test('samples of short stages, told late, are put where they belong in time', () => {
  const moments = told([
    started(row('image'), row('encoder')),
    loaded('encoder', [['tower', 10, 10]], 'loaded'),
    sampled(5, 50),
    // The timer is heard while what came before is still kept back.
    sampled(120, 80, 'encoder'),
    sampled(18, 50, 'image'),
    sampled(19, 50, 'image'),
    measured('image', 1, 3),
    sampled(19, 50, 'encoder'),
    sampled(150, 90, 'encoder'),
    measured('encoder', 1, 30),
  ]);
  // What was still loaded from the run before was there from the first.
  expect(moments).toEqual([
    '5: 10 + 0 + 0 + 0',
    '18: 10 + 0 + 0 + 3',
    '19: 10 + 0 + 0 + 3',
    '19: 10 + 0 + 0 + 20',
    '120: 10 + 0 + 0 + 20',
    '150: 10 + 0 + 0 + 20',
  ]);
});

test('each pass has activations of its own, and a state that is read anew replaces the one before', () => {
  const pass = (run: number, fromMs: number, peakBytes: number, keyValueBytes: number) => [
    sampled(fromMs, 0, 'language/prefill'),
    sampled(fromMs + 5, 0, 'language/prefill'),
    measured('language/prefill', run, peakBytes, { keyValueBytes }),
  ];
  const events = [
    started(row('language/prefill', 'prefill')),
    ...pass(1, 0, 100, 40),
    ...pass(2, 10, 130, 50),
  ];
  expect(told(events)).toEqual([
    '0: 0 + 0 + 0 + 60',
    '5: 0 + 0 + 40 + 60',
    '10: 0 + 0 + 40 + 120',
    '15: 0 + 0 + 50 + 120',
  ]);
});

test('a draft of its own has a state beside the model’s; one that is the first layers of the model has the model’s', () => {
  const stages = ['prefill', 'draft', 'verify'] as const;
  const rows = stages.map((phase) => row(`language/${phase}`, phase));
  const stateAtTheEnd = (draftKeys: readonly string[]): number | undefined =>
    memoryOverTime([
      started(...rows),
      loaded('language/prefill', [['decoder', 10, 10]]),
      loaded('language/verify', [['decoder', 10, 10]]),
      loaded(
        'language/draft',
        draftKeys.map((key) => [key, 2, 2]),
      ),
      sampled(1, 0),
      sampled(5, 0, 'language/prefill'),
      measured('language/prefill', 1, 50, { keyValueBytes: 40 }),
      // Rows that take turns are one span.
      sampled(9, 0, 'language/verify'),
      measured('language/draft', 1, 12, { keyValueBytes: 7 }),
      measured('language/verify', 1, 60, { keyValueBytes: 44 }),
    ]).at(-1)?.byKind.state;
  expect(stateAtTheEnd(['small/embed', 'small'])).toBe(51);
  expect(stateAtTheEnd(['decoder'])).toBe(44);
});

test('a run that died in a stage keeps what was sampled, and one that told nothing has nothing', () => {
  const died = [
    started(row('encoder')),
    loaded('encoder', [['tower', 10, 12]]),
    sampled(3, 90, 'encoder', 'loading'),
    sampled(5, 400, 'encoder'),
  ];
  expect(told([...died, { type: 'run-failed', problems: [] }])).toEqual([
    '3: 10 + 2 + 0 + 0',
    '5: 10 + 2 + 0 + 0',
  ]);
  expect(memoryOverTime([{ type: 'run-failed', problems: [] }])).toEqual([]);
});
