import { describe, expect, it } from 'vitest';
import { reportSchema } from '../contract/report.ts';
import { error, warning } from '../contract/problem.ts';
import type { RunEvent, StageFacts } from '../contract/run-event.ts';
import { foldReport } from './report.ts';
import { reusedText } from './reused-text.ts';
import { sampleMachine as machine } from './sample-report.testing.ts';

const facts = (id: string, title: string, phase: StageFacts['phase'] = null): StageFacts => ({
  id,
  node: id.split('/')[0] ?? '',
  type: 'encoder/clip-vit',
  title,
  phase,
  precision: 'int4',
  weights: 'random',
});
const encoder = facts('encoder', 'CLIP ViT');
const prefill = facts('language/prefill', 'Language model', 'prefill');
const decode = facts('language/decode', 'Language model', 'decode');

const started: Extract<RunEvent, { type: 'run-started' }> = {
  type: 'run-started',
  machine,
  stages: [encoder, prefill, decode],
  wires: [{ from: 'encoder', to: 'language' }],
  options: { runs: 2 },
  holding: 'together',
};

/** Everything of a warm-up pass is far larger than of a timed one, so that a leak shows. */
const warmUp: readonly RunEvent[] = [
  { type: 'stage-progress', stage: 'encoder', phase: 'building', run: 0, done: 10, total: 10 },
  loaded('encoder', 300),
  loaded('language/prefill', 700),
  measured(encoder, 0, { latencyMs: 9e6, peakBytes: 9e12, flops: 9e15 }),
  answer(0, 'warming up', [0], 9e6),
  { type: 'run-measured', run: 0, wallMs: 9e6, peakBytes: 9e12 },
];

const firstRun: readonly RunEvent[] = [
  measured(encoder, 1, {
    latencyMs: 40,
    tokensOut: 576,
    flops: 3e11,
    peakBytes: 500,
    movedBytes: 4e8,
  }),
  measured(prefill, 1, { latencyMs: 200, tokensIn: 600, tokensOut: 600, keyValueBytes: 64 }),
  { type: 'token', node: 'language', run: 1, index: 0, id: 7, text: 'A' },
  measured(decode, 1, { latencyMs: 1000, tokensOut: 11, peakBytes: 900, keyValueBytes: 80 }),
  answer(1, 'A ring.', [7, 8], 250),
  { type: 'run-measured', run: 1, wallMs: 1260, peakBytes: 2000 },
];

const secondRun: readonly RunEvent[] = [
  measured(encoder, 2, {
    latencyMs: 60,
    tokensOut: 576,
    flops: 3e11,
    peakBytes: 480,
    movedBytes: 4e8,
  }),
  measured(prefill, 2, { latencyMs: 300, tokensIn: 600, tokensOut: 600, keyValueBytes: 64 }),
  measured(decode, 2, { latencyMs: 3000, tokensOut: 11, peakBytes: 850, keyValueBytes: 96 }),
  answer(2, 'A star.', [7, 9], 350),
  { type: 'run-measured', run: 2, wallMs: 3400, peakBytes: 1900 },
];

/** Two passes are above or below the median half of the time each. */
const between = (from: number, to: number) => ({ from, to, certainty: 0.5 });

describe('the report of two runs', () => {
  const notice = warning('tensor-extra', 'The checkpoint holds a tensor too many.');
  const report = foldReport('LLaVA', [
    { type: 'run-warned', problems: [notice] },
    started,
    ...warmUp,
    ...firstRun,
    ...secondRun,
    { type: 'run-finished' },
  ]);

  it('has a row a stage with medians, and leaves the warm-up out', () => {
    expect(report.stages).toEqual([
      {
        ...encoder,
        latencyMs: { median: 50, deviation: 10, interval: between(40, 60), p95: null, runs: 2 },
        memory: { weightsBytes: 300, peakBytes: 500, stateBytes: 0, kvBytes: 0 },
        tokensIn: null,
        tokensOut: 576,
        flops: 3e11,
        movedBytes: 4e8,
        reused: false,
      },
      {
        ...prefill,
        latencyMs: { median: 250, deviation: 50, interval: between(200, 300), p95: null, runs: 2 },
        memory: { weightsBytes: 700, peakBytes: 0, stateBytes: 64, kvBytes: 64 },
        tokensIn: 600,
        tokensOut: 600,
        flops: 0,
        movedBytes: null,
        reused: false,
      },
      {
        ...decode,
        latencyMs: {
          median: 2000,
          deviation: 1000,
          interval: between(1000, 3000),
          p95: null,
          runs: 2,
        },
        memory: { weightsBytes: 0, peakBytes: 900, stateBytes: 96, kvBytes: 96 },
        tokensIn: null,
        tokensOut: 11,
        flops: 0,
        movedBytes: null,
        reused: false,
      },
    ]);
  });

  it('sums the stages of each run up, and has the speeds at the median', () => {
    expect(report.totals).toEqual({
      wallMs: 2330,
      wallInterval: between(1260, 3400),
      stagesMs: (1240 + 3360) / 2,
      timeToFirstTokenMs: 300,
      timeToFirstTokenInterval: between(250, 350),
      prefillTokensPerSecond: 600 / 0.25,
      decodeTokensPerSecond: 10 / 2, // the first of eleven tokens comes out of prefill
      peakBytes: 2000,
    });
  });

  it('has the last answer, what was warned of, and is what the contract says', () => {
    expect(report.answer).toEqual({ text: 'A star.', tokenIds: [7, 9] });
    expect(report.problems).toEqual([notice]);
    expect(reportSchema.parse(report)).toEqual(report);
  });
});

describe('the report of two language models', () => {
  const told = { ...facts('told/prefill', 'Reader', 'prefill'), weights: 'checkpoint' as const };
  const guessed = facts('guessed/prefill', 'Guesser', 'prefill');
  const draft = facts('guessed/draft', 'Guesser', 'draft');
  const verify = facts('guessed/verify', 'Guesser', 'verify');
  const seen = { ...encoder, weights: 'checkpoint' as const };
  const report = foldReport('Two', [
    {
      ...started,
      stages: [seen, told, facts('noise', 'Noise'), guessed, draft, verify],
      wires: [
        { from: 'encoder', to: 'told' },
        { from: 'noise', to: 'guessed' },
      ],
    },
    measured(told, 1, { latencyMs: 50, tokensIn: 100, tokensOut: 100 }),
    { ...answer(1, 'Red.', [5], 70), node: 'told' },
    measured(guessed, 1, { latencyMs: 200, tokensIn: 100, tokensOut: 100 }),
    measured(draft, 1, { latencyMs: 30, tokensOut: 40 }),
    measured(verify, 1, { latencyMs: 70, tokensOut: 21 }),
    { ...answer(1, 'xq', [1, 2], 400), node: 'guessed', draft: { proposed: 40, accepted: 31 } },
    { type: 'run-measured', run: 1, wallMs: 500, peakBytes: 2000 },
    { type: 'run-finished' },
  ]);

  it('keeps answer, speeds and guesses of each apart, and has none for both together', () => {
    expect(report.languageModels).toEqual([
      {
        node: 'told',
        title: 'Reader',
        answer: { text: 'Red.', tokenIds: [5] },
        answers: [{ text: 'Red.', tokenIds: [5], writingMs: 20 }],
        choices: null,
        timeToFirstTokenMs: 70,
        timeToFirstTokenInterval: null,
        prefillTokensPerSecond: 100 / 0.05,
        decodeTokensPerSecond: null,
        hasRandomWeights: false,
        draft: null,
        reused: null,
      },
      {
        node: 'guessed',
        title: 'Guesser',
        answer: { text: 'xq', tokenIds: [1, 2] },
        answers: [{ text: 'xq', tokenIds: [1, 2], writingMs: 20 }],
        choices: null,
        timeToFirstTokenMs: 400,
        timeToFirstTokenInterval: null,
        prefillTokensPerSecond: 100 / 0.2,
        decodeTokensPerSecond: 20 / 0.1, // guessing is part of writing
        hasRandomWeights: true,
        draft: { proposed: 40, accepted: 31 },
        reused: null,
      },
    ]);
    expect(report.answer).toBeNull();
    expect(report.totals).toMatchObject({ wallMs: 500, timeToFirstTokenMs: null });
  });

  it('keeps several answers of the last run in order, and counts their first tokens out of the speed', () => {
    const several = (run: number, index: number, text: string, timeToFirstTokenMs: number) => ({
      ...answer(run, text, [7, 8, 9], timeToFirstTokenMs),
      node: 'guessed',
      index,
      draft: { proposed: 4, accepted: 1 },
    });
    const [model] = foldReport('Several', [
      { ...started, stages: [guessed, draft, verify] },
      several(1, 0, 'Red.', 100),
      several(1, 1, 'Blue.', 180),
      measured(draft, 2, { latencyMs: 30, tokensOut: 8 }),
      measured(verify, 2, { latencyMs: 70, tokensOut: 6 }),
      several(2, 0, 'Red!', 120),
      several(2, 1, 'Blue!', 200),
    ]).languageModels;
    expect(model?.answer?.text).toBe('Red!');
    expect(model?.answers.map(({ text, writingMs }) => [text, writingMs])).toEqual([
      ['Red!', 20],
      ['Blue!', 20],
    ]);
    expect(model?.timeToFirstTokenMs).toBe(110);
    expect(model?.decodeTokensPerSecond).toBe(4 / 0.1);
    expect(model?.draft).toEqual({ proposed: 8, accepted: 2 });
  });

  it('says that words mean nothing where random numbers reach a trained model, however far off they come from', () => {
    const [model] = foldReport('One', [
      {
        ...started,
        stages: [encoder, { ...facts('projector', 'Projector'), weights: 'checkpoint' }, told],
        wires: [
          { from: 'encoder', to: 'projector' },
          { from: 'projector', to: 'told' },
        ],
      },
    ]).languageModels;
    expect(model).toMatchObject({ node: 'told', hasRandomWeights: true });
  });
});

it('tells a twentieth from twenty passes on, and no speed from a single token', () => {
  const passes = (count: number, tokensOut: number) =>
    Array.from({ length: count }, (_, index) => index + 1).flatMap((run) => [
      measured(decode, run, { latencyMs: 10 * run, tokensOut }),
      answer(run, 'A ring.', [7, 8], 250),
    ]);
  const figures = (count: number, tokensOut: number) => {
    const report = foldReport('Steady', [started, ...passes(count, tokensOut)]);
    const { p95 } = report.stages[2]?.latencyMs ?? { p95: null };
    return [p95, report.totals.decodeTokensPerSecond];
  };
  expect(figures(19, 2)).toEqual([null, 10]);
  expect(figures(20, 2)).toEqual([190.5, 1 / 0.105]);
  expect(figures(1, 2)).toEqual([null, null]);
  expect(figures(1, 9)).toEqual([null, 800]);
});

describe('the report of a run that ended early', () => {
  it('has, after a cancel, the rows measured until then and the totals of whole passes', () => {
    const cut = secondRun.slice(0, 1);
    const report = foldReport('LLaVA', [
      started,
      ...warmUp,
      ...firstRun,
      ...cut,
      { type: 'run-cancelled' },
    ]);
    expect(report.stages.map(({ latencyMs }) => latencyMs)).toEqual([
      { median: 50, deviation: 10, interval: between(40, 60), p95: null, runs: 2 },
      { median: 200, deviation: 0, interval: null, p95: null, runs: 1 },
      { median: 1000, deviation: 0, interval: null, p95: null, runs: 1 },
    ]);
    expect(report.totals).toMatchObject({ wallMs: 1260, stagesMs: 1240, timeToFirstTokenMs: 250 });
    expect(report.answer?.text).toBe('A ring.');
  });

  it('has no times and no speeds when it was cancelled while it warmed up', () => {
    const report = foldReport('LLaVA', [started, ...warmUp, { type: 'run-cancelled' }]);
    expect(report.totals).toEqual({
      wallMs: 0,
      wallInterval: null,
      stagesMs: 0,
      timeToFirstTokenMs: null,
      timeToFirstTokenInterval: null,
      prefillTokensPerSecond: null,
      decodeTokensPerSecond: null,
      peakBytes: 0,
    });
    expect(report.answer).toBeNull();
    expect(report.stages[0]).toMatchObject({ latencyMs: { runs: 0 }, tokensOut: null, flops: 0 });
  });

  it('tells why it failed, even before it had begun', () => {
    const problem = error('memory-short', 'The graph needs more memory than there is.');
    const report = foldReport('LLaVA', [{ type: 'run-failed', problems: [problem] }]);
    expect(report).toMatchObject({ machine: null, stages: [], answer: null, problems: [problem] });
    expect(reportSchema.parse(report)).toEqual(report);
  });
});

it('keeps what was shown, in its order, as --json prints it', () => {
  const showing = (node: string) =>
    ({
      node,
      title: node,
      stage: 'encoder',
      kind: 'kept-patches',
      also: null,
      singledOut: null,
      viewCount: 1,
      views: [],
    }) as const;
  const shown = ['first', 'second'].map((node) => ({
    type: 'shown' as const,
    showing: showing(node),
  }));
  const report = foldReport('Shown', [started, ...firstRun, ...shown]);
  expect(report.showings).toEqual([showing('first'), showing('second')]);
  expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  expect(foldReport('Unseen', [started, ...firstRun]).showings).toEqual([]);
});

type Measured = Extract<RunEvent, { type: 'stage-measured' }>;

function measured({ id }: StageFacts, run: number, rest: Partial<Measured>): RunEvent {
  const nothing = {
    latencyMs: 0,
    tokensIn: null,
    tokensOut: null,
    flops: 0,
    movedBytes: null,
    peakBytes: 0,
    keyValueBytes: 0,
    recurrentBytes: 0,
  };
  return { type: 'stage-measured', stage: id, run, ...nothing, ...rest };
}

function loaded(stage: string, weightsBytes: number): RunEvent {
  return {
    type: 'stage-loaded',
    stage,
    weightsBytes,
    residentBytes: 0,
    models: [{ key: stage, weightsBytes, residentBytes: 0 }],
    loadMs: 5,
    found: 'built',
  };
}

function answer(
  run: number,
  text: string,
  tokenIds: readonly number[],
  timeToFirstTokenMs: number,
): Extract<RunEvent, { type: 'answer' }> {
  const node = 'language';
  const written = { text, tokenIds, timeToFirstTokenMs, writingMs: 20, draft: null, choices: null };
  return { type: 'answer', node, run, index: 0, ...written };
}

describe('the report of a run that reuses what the last one read', () => {
  const [, readPrefill, ...rest] = firstRun;
  const reused: readonly RunEvent[] = [
    { type: 'stage-reused', stage: 'encoder', run: 1, tokensIn: null, tokensOut: 576 },
    readPrefill as RunEvent,
    { type: 'prompt-reused', node: 'language', run: 1, visual: 576, words: 12 },
    ...rest,
  ];
  const report = foldReport('Again', [{ ...started, options: { runs: 1 } }, ...reused]);

  it('tells a stage that did not run by a word, its tokens and no time', () => {
    expect(report.stages[0]).toMatchObject({
      reused: true,
      tokensOut: 576,
      flops: 0,
      latencyMs: { median: 0, runs: 0 },
    });
    expect(report.stages.slice(1).map((stage) => stage.reused)).toEqual([false, false]);
    expect(report.totals.stagesMs).toBe(1200);
  });

  it('tells what of the prompt was read before', () => {
    expect(report.languageModels[0]?.reused).toEqual({ visual: 576, words: 12 });
    expect(reusedText({ visual: 576, words: 12 })).toBe(
      '576 visual and 12 text tokens of the last run',
    );
    expect(reusedText({ visual: 0, words: 1 })).toBe('1 text token of the last run');
    expect(reusedText({ visual: 0, words: 0 })).toBe('nothing of the last run');
    expect(reportSchema.parse(report)).toEqual(report);
  });
});
