import { expect, test } from 'vitest';
import { reportSchema } from '#engine/contract/report.ts';
import { sampleModel, sampleReport, sampleStage } from '#engine/profile/sample-report.testing.ts';
import { reportCsv, reportJson } from './report-csv.ts';

test('each stage is a line that a spreadsheet reads as it was meant', () => {
  const report = sampleReport([
    sampleStage('encoder', {
      title: 'Tower, "large"',
      precision: 'int8',
      weights: 'random',
      medianMs: 1204.5,
      phase: 'prefill',
      memory: { weightsBytes: 10, peakBytes: 30, stateBytes: 7, kvBytes: 5 },
      tokensOut: 576,
      flops: 1.5e12,
    }),
    sampleStage('note', { title: '=1+1\nor so' }),
  ]);
  expect(reportCsv(report)).toBe(
    [
      'stage,node,type,title,phase,precision,weights,medianMs,deviationMs,fromMs,toMs,p95Ms,runs,weightsBytes,stateBytes,kvBytes,peakBytes,tokensReused,tokensIn,tokensOut,tokensKept,flops',
      'encoder,encoder,encoder/clip-vit,"Tower, ""large""",prefill,int8,random,1204.5,0,,,,3,10,7,5,30,,,576,,1500000000000',
      `note,note,encoder/clip-vit,"'=1+1\nor so",,,,0,0,,,,0,0,0,0,0,,,,,0`,
      '',
    ].join('\r\n'),
  );
});

test('the line of a draft says how many of its guesses were kept', () => {
  const sample = sampleReport([
    sampleStage('language/draft', { phase: 'draft', tokensOut: 40 }),
    sampleStage('language/verify', { phase: 'verify', tokensOut: 48 }),
  ]);
  const stages = sample.stages.map((stage) => ({ ...stage, node: 'language' }));
  const model = {
    node: 'language',
    title: 'Language model',
    answer: null,
    timeToFirstTokenMs: null,
    prefillTokensPerSecond: null,
    decodeTokensPerSecond: null,
    draft: { proposed: 40, accepted: 31 },
  };
  const lines = reportCsv({ ...sample, stages, languageModels: [model] }).split('\r\n');
  expect(lines[1]).toMatch(/,40,31,0$/);
  expect(lines[2]).toMatch(/,48,,0$/);
});

test('the line of what was reused says how many tokens, beside those that were read', () => {
  const report = sampleReport(
    [
      sampleStage('encoder', { reused: true, tokensOut: 576 }),
      sampleStage('language/prefill', { phase: 'prefill', tokensIn: 16, tokensOut: 16 }),
    ],
    {},
    [sampleModel('language', { reused: { visual: 576, words: 12 } })],
  );
  const lines = reportCsv(report).split('\r\n');
  expect(lines[1]).toMatch(/,576,,576,,0$/);
  expect(lines[2]).toMatch(/,588,16,16,,0$/);
});

test('the JSON is the report itself', () => {
  const report = sampleReport([sampleStage('encoder', { medianMs: 3 })], { wallMs: 4 });
  expect(reportSchema.parse(JSON.parse(reportJson(report)))).toEqual(report);
});
