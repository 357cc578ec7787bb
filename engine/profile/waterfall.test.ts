import { expect, test } from 'vitest';
import { sampleReport, sampleStage } from './sample-report.testing.ts';
import { waterfall } from './waterfall.ts';

test('stages follow one another up to the wall clock, and the rest is what lies outside them', () => {
  const stages = [
    sampleStage('encoder', { medianMs: 30 }),
    sampleStage('projector', { medianMs: 10 }),
    sampleStage('language/prefill', { medianMs: 50 }),
  ];
  expect(waterfall(sampleReport(stages, { wallMs: 100 }))).toEqual({
    spans: [
      { id: 'encoder', start: 0, width: 0.3 },
      { id: 'projector', start: 0.3, width: 0.1 },
      { id: 'language/prefill', start: 0.4, width: 0.5 },
    ],
    wholeMs: 100,
    rest: { start: 0.9, width: expect.closeTo(0.1) as number },
    unaccounted: 0.1,
  });
});

test('medians that add up to more than the wall clock still fit, with nothing left over', () => {
  const stages = [sampleStage('a', { medianMs: 60 }), sampleStage('b', { medianMs: 60 })];
  const found = waterfall(sampleReport(stages, { wallMs: 100 }));
  expect(found).toMatchObject({ wholeMs: 120, rest: null, unaccounted: 0 });
  expect(found.spans.at(-1)).toMatchObject({ start: 0.5, width: 0.5 });
});

test('before a pass has ended the stages so far fill the width, and nothing is said of the rest', () => {
  const stages = [sampleStage('a', { medianMs: 20 }), sampleStage('b')];
  expect(waterfall(sampleReport(stages))).toMatchObject({
    spans: [
      { start: 0, width: 1 },
      { start: 1, width: 0 },
    ],
    rest: null,
    unaccounted: null,
  });
  expect(waterfall(sampleReport([]))).toMatchObject({ spans: [], wholeMs: 0, unaccounted: null });
});
