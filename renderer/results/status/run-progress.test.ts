import { expect, test } from 'vitest';
import type { RunEvent, StageFacts } from '#engine/contract/run-event.ts';
import { foldReport } from '#engine/profile/report.ts';
import { foldLive, newLiveRun, type LiveRun } from '#renderer/runs/live-run.ts';
import { stageShown } from '#renderer/results/stages/stage-shown.ts';
import { failedStage } from './failed-stage.ts';
import { progressSentence, progressShare } from './run-progress.ts';

const facts = (id: string, title: string, phase: StageFacts['phase'] = null): StageFacts => ({
  id,
  node: id.replace(/\/.*/, ''),
  type: 'x/y',
  title,
  phase,
  precision: null,
  weights: null,
});
const started: RunEvent = {
  type: 'run-started',
  machine: {
    platform: 'linux',
    cpu: 'cpu',
    cores: 2,
    threads: 2,
    memoryBytes: 1,
    node: '20',
    onnxRuntime: '1',
    patchbay: '0',
  },
  stages: [
    facts('image', 'Image'),
    facts('encoder', 'CLIP ViT'),
    facts('language/decode', 'Language model', 'decode'),
  ],
  wires: [],
  options: { runs: 3 },
};
type Progress = Extract<RunEvent, { type: 'stage-progress' }>;
const at = (stage: string, phase: Progress['phase'], run = 0, more: Partial<Progress> = {}) =>
  ({ type: 'stage-progress', stage, phase, run, ...more }) as const;
const measured = (stage: string, run: number): RunEvent => ({
  type: 'stage-measured',
  stage,
  run,
  latencyMs: 5,
  tokensIn: null,
  tokensOut: null,
  flops: 0,
  movedBytes: null,
  peakBytes: 0,
  keyValueBytes: 0,
  recurrentBytes: 0,
});

const story: readonly RunEvent[] = [
  started,
  at('image', 'warming-up'),
  at('language/decode', 'reading', 0, { done: 0.8e9, total: 2e9, unit: 'bytes' }),
  at('language/decode', 'reading', 0, { done: 2e9, total: 2e9, unit: 'bytes' }),
  at('encoder', 'building', 0, { done: 1.2e9, total: 3.4e9, unit: 'bytes' }),
  at('encoder', 'preparing'),
  at('encoder', 'loading'),
  at('encoder', 'warming-up'),
  at('language/decode', 'loading'),
  at('image', 'running', 1),
  measured('image', 1),
  at('encoder', 'running', 1),
  measured('encoder', 1),
  at('language/decode', 'running', 1, { done: 23, total: 64, unit: 'tokens' }),
];
const after = (count: number): LiveRun => story.slice(0, count).reduce(foldLive, newLiveRun);

test('a run says where it stands in one line', () => {
  const said = story.map((_, index) => progressSentence(after(index + 1)));
  expect(progressSentence(newLiveRun)).toBe('Starting');
  expect(said[1]).toBe('Getting ready · Image · warming up');
  expect(said[2]).toBe(
    'Getting ready · Language model · decode · reading weights 800\u2009MB of 2.00\u2009GB',
  );
  expect(said[4]).toBe('Getting ready · CLIP ViT · building 1.20\u2009GB of 3.40\u2009GB');
  expect(said[11]).toBe('Pass 1 of 3 · CLIP ViT · running');
  expect(said[13]).toBe('Pass 1 of 3 · Language model · decoding 23/64');
});

test('the bar never goes back', () => {
  const shares = story.map((_, index) => progressShare(after(index + 1)));
  expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  expect(shares[0]).toBe(0);
  expect(shares.at(-1)).toBeCloseTo((1 + (2 + 23 / 64) / 3) / 4);
});

test('where it is not known how many passes there will be, each is told by its number', () => {
  const open: RunEvent = { ...started, options: {} };
  const steady = [open, ...story.slice(1), at('encoder', 'running', 7)].reduce(
    foldLive,
    newLiveRun,
  );
  expect(progressSentence(steady)).toBe('Pass 7 · CLIP ViT · running');
  expect(progressShare(steady)).toBeGreaterThan(0.99);
  expect(progressShare(steady)).toBeLessThan(1);
});

test('a row says what its stage is doing until there are figures of it', () => {
  const rows = (count: number, ...more: readonly RunEvent[]) => {
    const events = [...story.slice(0, count), ...more];
    const live = events.reduce(foldLive, newLiveRun);
    return foldReport('', events).stages.map((stage) => {
      const shown = stageShown(live, stage);
      return shown.kind === 'figures' ? 'figures' : shown.words;
    });
  };
  expect(rows(1)).toEqual(['waiting', 'waiting', 'waiting']);
  expect(rows(3)).toEqual(['ready', 'waiting', 'reading weights 40\u2009%']);
  expect(rows(5)).toEqual(['ready', 'building 35\u2009%', 'waiting']);
  expect(rows(12)).toEqual(['figures', 'running', 'ready']);
  expect(rows(14)).toEqual(['figures', 'figures', 'decoding 23/64']);
  expect(rows(12, { type: 'run-failed', problems: [] })).toEqual([
    'figures',
    'failed here',
    'not measured',
  ]);
  expect(rows(14, { type: 'run-cancelled' })).toEqual(['figures', 'figures', 'stopped here']);
});

test('weights that are refused while the inputs are read fail at their own stage', () => {
  const problem = { code: 'checkpoint-unreadable', severity: 'error', message: '' } as const;
  const failed = (node?: string) =>
    foldLive(after(2), {
      type: 'run-failed',
      problems: [{ ...problem, ...(node !== undefined && { node }) }],
    });
  expect(failedStage(failed())).toEqual({ id: 'image', title: 'Image' });
  expect(failedStage(failed('encoder'))).toEqual({ id: 'encoder', title: 'CLIP ViT' });
  expect(failedStage(failed('language'))).toEqual({
    id: 'language/decode',
    title: 'Language model',
  });
  expect(failedStage(after(14))).toBeNull();
});
