import { expect, test } from 'vitest';
import { sampleReport, sampleStage } from '#renderer/results/figures/sample-report.testing.ts';
import { changeWords, differences, pairStages, pairWords, speedWords } from './compare-reports.ts';

const ids = (pairs: ReturnType<typeof pairStages>) =>
  pairs.map(({ a, b }) => [a?.id ?? null, b?.id ?? null]);

test('stages meet by node id, then by type, then by title, and a phase only its own phase', () => {
  const a = [
    sampleStage('image', { type: 'input/image' }),
    sampleStage('encoder', { type: 'encoder/clip-vit' }),
    sampleStage('glue', { type: 'projector/mlp', title: 'Projector' }),
    sampleStage('language/prefill', { type: 'language/decoder' }),
    sampleStage('language/decode', { type: 'language/decoder' }),
  ];
  const b = [
    sampleStage('image', { type: 'input/image' }),
    sampleStage('tower', { type: 'encoder/clip-vit' }),
    sampleStage('pool', { type: 'compression/average-pool' }),
    sampleStage('narrow', { type: 'projector/linear', title: 'Projector' }),
    sampleStage('phi/prefill', { type: 'language/decoder' }),
    sampleStage('phi/decode', { type: 'language/decoder' }),
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

test('ratios are said in words, and noise is no difference', () => {
  expect(speedWords(3600, 2000)).toBe('1.8× faster');
  expect(speedWords(2000, 50_000)).toBe('25× slower');
  expect(speedWords(5, 5180)).toBe('1\u2009036× slower');
  expect(speedWords(100, 103)).toBe('as fast');
  expect(speedWords(0, 5)).toBeNull();
  expect(changeWords(760, 288)).toBe('−62\u2009%');
  expect(changeWords(144, 729)).toBe('5.1×');
  expect(changeWords(576, 576)).toBeNull();
  const a = sampleStage('p', { medianMs: 36, tokensIn: 144, tokensOut: 144 });
  const b = sampleStage('p', { medianMs: 20, tokensIn: 144, tokensOut: 36 });
  expect(pairWords({ a, b })).toBe('1.8× faster · −75\u2009% tokens');
  expect(pairWords({ a, b: null })).toBe('only in A');
  expect(pairWords({ a: sampleStage('p'), b })).toBe('–');
});

test('the whole is compared in sentences', () => {
  const run = (firstMs: number, read: number, kept: number, peakBytes: number) =>
    sampleReport(
      [sampleStage('language/prefill', { medianMs: firstMs, tokensIn: read, tokensOut: kept })],
      { wallMs: firstMs * 2, timeToFirstTokenMs: firstMs, peakBytes },
    );
  expect(differences(run(3600, 760, 760, 3e9), run(2000, 288, 288, 2.4e9))).toEqual([
    'B reaches its first token 1.8× faster: after 2\u2009000\u2009ms, A after 3\u2009600\u2009ms.',
    'B runs the whole graph 1.8× faster: in 4\u2009000\u2009ms, A in 7\u2009200\u2009ms.',
    'B prefills 62\u2009% fewer tokens: 288, A 760.',
    'B peaks at 20\u2009% less memory: 2.40\u2009GB, A 3.00\u2009GB.',
  ]);
  expect(differences(run(2000, 604, 604, 1e9), run(2000, 604, 316, 3e9)).slice(2)).toEqual([
    'Both prefill 604 tokens; B keeps 48\u2009% fewer: 316, A 604.',
    'B peaks at 3.0× as much memory: 3.00\u2009GB, A 1.00\u2009GB.',
  ]);
  expect(differences(sampleReport([]), sampleReport([]))).toEqual([]);
});
