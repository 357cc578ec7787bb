import { expect, test } from 'vitest';
import type { Report } from '../contract/report.ts';
import { sampleModel, sampleReport, sampleStage } from './sample-report.testing.ts';
import { changeWords, differences, pairStages, pairWords } from './compare-reports.ts';
import { speedWords } from './compare-times.ts';

const ids = (pairs: ReturnType<typeof pairStages>) =>
  pairs.map(({ a, b }) => [a?.id ?? null, b?.id ?? null]);

const phase = (id: string, name: 'prefill' | 'decode' | 'draft' | 'verify') =>
  sampleStage(`${id}/${name}`, { type: 'language/decoder', phase: name });

test('nodes meet by id, then by type, then by title, and a phase only its own phase', () => {
  const a = [
    sampleStage('image', { type: 'input/image' }),
    sampleStage('encoder', { type: 'encoder/clip-vit' }),
    sampleStage('glue', { type: 'projector/mlp', title: 'Projector' }),
    phase('language', 'prefill'),
    phase('language', 'decode'),
  ];
  const b = [
    sampleStage('image', { type: 'input/image' }),
    sampleStage('tower', { type: 'encoder/clip-vit' }),
    sampleStage('pool', { type: 'compression/average-pool' }),
    sampleStage('narrow', { type: 'projector/linear', title: 'Projector' }),
    phase('phi', 'prefill'),
    phase('phi', 'decode'),
  ];
  expect(ids(pairStages(a, b))).toEqual([
    ['image', 'image'],
    ['encoder', 'tower'],
    [null, 'pool'],
    ['glue', 'narrow'],
    ['language/prefill', 'phi/prefill'],
    ['language/decode', 'phi/decode'],
  ]);
  expect(ids(pairStages([], b.slice(0, 2)))).toEqual([
    [null, 'image'],
    [null, 'tower'],
  ]);
});

test('a model that guesses ahead in one run only stays one model, whatever other ones decode like it did', () => {
  const a = [phase('large', 'prefill'), phase('large', 'decode')];
  const b = [
    phase('main', 'prefill'),
    phase('main', 'draft'),
    phase('main', 'verify'),
    phase('small', 'prefill'),
    phase('small', 'decode'),
  ];
  expect(ids(pairStages(a, b))).toEqual([
    ['large/prefill', 'main/prefill'],
    [null, 'main/draft'],
    [null, 'main/verify'],
    [null, 'small/prefill'],
    [null, 'small/decode'],
    ['large/decode', null],
  ]);
});

test('several language models are compared each with its own, by name', () => {
  const run = (titles: readonly [string, string], rates: readonly [number, number]) =>
    sampleReport([phase('first', 'prefill'), phase('second', 'prefill')], {}, [
      sampleModel('first', { title: titles[0], decodeTokensPerSecond: rates[0] }),
      sampleModel('second', {
        title: titles[1],
        timeToFirstTokenMs: 100,
        decodeTokensPerSecond: rates[1],
        draft: { proposed: 40, accepted: 31 },
      }),
    ]);
  expect(differences(run(['LLaVA', 'Tiny'], [50, 20]), run(['LLaVA', 'Phi'], [25, 60]))).toEqual([
    {
      of: 'LLaVA',
      sentences: ['B writes 2.0× slower: 25.0 tokens / s, A 50.0 tokens / s.'],
    },
    {
      of: 'Tiny → Phi',
      sentences: [
        'B reaches its first token as fast, within noise: after 100\u2009ms, A after 100\u2009ms.',
        'B writes 3.0× faster: 60.0 tokens / s with 31 of 40 guesses kept, A 20.0 tokens / s with 31 of 40 guesses kept.',
      ],
    },
  ]);
});

test('ratios are said in words, and noise is no difference', () => {
  const once = (median: number) => ({ median, interval: null });
  expect(speedWords(once(3600), once(2000))).toBe('1.8× faster');
  expect(speedWords(once(2000), once(50_000))).toBe('25× slower');
  expect(speedWords(once(5), once(5180))).toBe('1\u2009036× slower');
  expect(speedWords(once(100), once(103))).toBe('as fast, within noise');
  expect(speedWords(once(0), once(5))).toBeNull();
  expect(changeWords(760, 288)).toBe('−62\u2009%');
  expect(changeWords(144, 729)).toBe('5.1×');
  expect(changeWords(576, 576)).toBeNull();
  const a = sampleStage('p', { medianMs: 36, tokensIn: 144, tokensOut: 144 });
  const b = sampleStage('p', { medianMs: 20, tokensIn: 144, tokensOut: 36 });
  expect(pairWords({ a, b })).toBe('1.8× faster · −75\u2009% tokens');
  expect(pairWords({ a, b: null })).toBe('only in A');
  expect(pairWords({ a: sampleStage('p'), b })).toBe('–');
});

test('two times that overlap by chance are called alike, however far their medians lie apart', () => {
  const timed = (median: number, from: number, to: number) => ({
    median,
    interval: { from, to, certainty: 0.95 },
  });
  expect(speedWords(timed(7.6, 3.1, 8.2), timed(3.4, 3.2, 3.6))).toBe('as fast, within noise');
  expect(speedWords(timed(7.6, 7.4, 8.2), timed(3.4, 3.2, 3.6))).toBe('2.2× faster');
  // Narrower than one start of a process differs from the next.
  expect(speedWords(timed(100, 99.9, 100.1), timed(103, 102.9, 103.1))).toBe(
    'as fast, within noise',
  );
});

test('what was timed once, or beside something else, is said so', () => {
  const run = (runs: number, othersShare: number) => {
    const stage = sampleStage('encoder', { medianMs: 20 });
    const stages = [{ ...stage, latencyMs: { ...stage.latencyMs, runs } }];
    const noise = { othersShare, swappedBytes: 0, clockMHz: null };
    return { ...sampleReport(stages, { wallMs: 20 }), noise };
  };
  const said = (a: Report, b: Report) => differences(a, b).flatMap(({ sentences }) => sentences);
  expect(said(run(1, 0), run(30, 0.4))).toEqual([
    'A was timed once, so what is chance cannot be told; set more passes for that.',
    'B runs the whole graph as fast, within noise: in 20.0\u2009ms, A in 20.0\u2009ms.',
    expect.stringMatching(/^Of B: Other programs took 40%/),
  ]);
});

test('the whole is compared in sentences', () => {
  const run = (firstMs: number, read: number, kept: number, peakBytes: number) =>
    sampleReport(
      [
        sampleStage('language/prefill', {
          phase: 'prefill',
          medianMs: firstMs,
          tokensIn: read,
          tokensOut: kept,
        }),
      ],
      { wallMs: firstMs * 2, peakBytes },
      [sampleModel('language', { timeToFirstTokenMs: firstMs })],
    );
  const said = (a: Report, b: Report) => differences(a, b).flatMap(({ sentences }) => sentences);
  expect(said(run(3600, 760, 760, 3e9), run(2000, 288, 288, 2.4e9))).toEqual([
    'B reaches its first token 1.8× faster: after 2\u2009000\u2009ms, A after 3\u2009600\u2009ms.',
    'B prefills 62\u2009% fewer tokens: 288, A 760.',
    'B runs the whole graph 1.8× faster: in 4\u2009000\u2009ms, A in 7\u2009200\u2009ms.',
    'B peaks at 20\u2009% less memory: 2.40\u2009GB, A 3.00\u2009GB.',
  ]);
  expect(said(run(2000, 604, 604, 1e9), run(2000, 604, 316, 3e9)).slice(1)).toEqual([
    'Both prefill 604 tokens; B keeps 48\u2009% fewer: 316, A 604.',
    'B runs the whole graph as fast, within noise: in 4\u2009000\u2009ms, A in 4\u2009000\u2009ms.',
    'B peaks at 3.0× as much memory: 3.00\u2009GB, A 1.00\u2009GB.',
  ]);
  expect(differences(sampleReport([]), sampleReport([]))).toEqual([]);
});

test('what a run reused is said before any of its times, and set against none', () => {
  const fresh = sampleReport([sampleStage('encoder', { medianMs: 40, tokensOut: 576 })], {
    wallMs: 100,
  });
  const reusing = sampleReport([sampleStage('encoder', { reused: true, tokensOut: 576 })], {
    wallMs: 20,
  });
  const said = (a: Report, b: Report) => differences(a, b).flatMap(({ sentences }) => sentences);
  expect(said(fresh, reusing)).toEqual([
    'B reused what the run before had read, which took no time; for times to compare, run without.',
    'B runs the whole graph 5.0× faster: in 20.0\u2009ms, A in 100\u2009ms.',
  ]);
  expect(said(reusing, fresh)[0]).toMatch(/^A reused/);
  expect(said(reusing, reusing)[0]).toMatch(/^Both reused/);
  const [a, b] = [fresh, reusing].map(({ stages }) => stages[0] ?? null) as [null, null];
  expect(pairWords({ a, b })).toBe('reused in B');
  const model = sampleModel('language', { reused: { visual: 0, words: 0 } });
  expect(said(sampleReport([], {}, [model]), fresh)).toEqual([]);
});
