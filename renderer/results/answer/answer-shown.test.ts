import { expect, test } from 'vitest';
import type { RunEvent, StageFacts } from '#engine/contract/run-event.ts';
import { foldReport } from '#engine/profile/report.ts';
import { foldLive, newLiveRun } from '#renderer/runs/live-run.ts';
import { answersShown } from './answer-shown.ts';

const row = (node: string, phase: 'prefill' | 'decode'): StageFacts => ({
  id: `${node}/${phase}`,
  node,
  type: 'language/decoder',
  title: node === 'tiny' ? 'Tiny' : 'LLaVA',
  phase,
  precision: null,
  weights: node === 'tiny' ? 'random' : 'checkpoint',
});
const rows = ['llava', 'tiny'].flatMap((node) => [row(node, 'prefill'), row(node, 'decode')]);
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
  stages: rows,
  wires: [],
  options: { runs: 2 },
  holding: 'together',
};
const at = (stage: string, run: number): RunEvent => ({
  type: 'stage-progress',
  stage,
  phase: 'running',
  run,
});
const token = (node: string, run: number, text: string): RunEvent => ({
  type: 'token',
  node,
  run,
  index: 0,
  id: 1,
  text,
});
const answer = (node: string, run: number, text: string): RunEvent => ({
  type: 'answer',
  node,
  run,
  index: 0,
  text,
  tokenIds: [1],
  timeToFirstTokenMs: 5,
  writingMs: 2,
  draft: null,
  choices: null,
});

/** "title: text [state]" of each answer after these events. */
function shown(...events: readonly RunEvent[]): readonly string[] {
  const all = [started, ...events];
  const { answers, state } = answersShown({
    live: all.reduce(foldLive, newLiveRun),
    report: foldReport('', all),
  });
  return [
    state,
    ...answers.map(
      ({ title, text, instead, state: own }) => `${title}: ${text || instead} [${own}]`,
    ),
  ];
}

test('each model has its own words, and only the one that writes is said to write', () => {
  const first = [at('llava/decode', 1), token('llava', 1, ' a red')];
  expect(shown(...first)).toEqual([
    'streaming',
    'LLaVA: a red [streaming]',
    'Tiny: Not a word yet. []',
  ]);
  const second = [...first, answer('llava', 1, 'a red circle'), at('tiny/prefill', 1)];
  expect(shown(...second)).toEqual([
    'running',
    'LLaVA: a red circle []',
    'Tiny: Not a word yet. [running]',
  ]);
  const both = [...second, at('tiny/decode', 1), token('tiny', 1, 'xq'), answer('tiny', 1, 'xq')];
  // In the next pass the answers of the one before stay until there are others.
  expect(shown(...both, at('llava/decode', 2), token('llava', 2, 'a blue'))).toEqual([
    'streaming',
    'LLaVA: a blue [streaming]',
    'Tiny: xq []',
  ]);
  expect(shown(...both, { type: 'run-finished' })).toEqual([
    'done',
    'LLaVA: a red circle []',
    'Tiny: xq []',
  ]);
  expect(shown(...first, { type: 'run-cancelled' })).toEqual([
    'cancelled',
    'LLaVA: a red []',
    'Tiny: The run ended before a word was written. []',
  ]);
});

test('several answers to one prompt are told apart while they are written, and timed when they are', () => {
  const of = (index: number, event: RunEvent): RunEvent => ({ ...event, index }) as RunEvent;
  const going = [
    started,
    at('llava/decode', 1),
    of(0, token('llava', 1, ' a red')),
    of(0, token('llava', 1, ' ring')),
    of(1, token('llava', 1, ' blue')),
  ];
  const shownOf = (events: readonly RunEvent[]) =>
    answersShown({
      live: events.reduce(foldLive, newLiveRun),
      report: foldReport('', events),
    }).answers[0];
  expect(shownOf(going)).toMatchObject({
    texts: ['a red ring', 'blue'],
    text: '1. a red ring\n2. blue',
    written: [],
  });
  const over = [
    ...going,
    of(0, answer('llava', 1, 'a red ring')),
    of(1, answer('llava', 1, 'blue')),
    { type: 'run-finished' } as const,
  ];
  expect(shownOf(over)).toMatchObject({
    texts: ['a red ring', 'blue'],
    written: [{ writingMs: 2 }, { writingMs: 2 }],
    choices: null,
  });
});
