import { expect, test } from 'vitest';
import { reportSchema } from '#engine/contract/report.ts';
import { sampleReport, sampleStage } from '#renderer/results/figures/sample-report.testing.ts';
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
      'stage,node,type,title,phase,precision,weights,medianMs,p95Ms,runs,weightsBytes,stateBytes,kvBytes,peakBytes,tokensIn,tokensOut,flops',
      'encoder,encoder,encoder/clip-vit,"Tower, ""large""",prefill,int8,random,1204.5,1204.5,3,10,7,5,30,,576,1500000000000',
      `note,note,encoder/clip-vit,"'=1+1\nor so",,,,0,0,0,0,0,0,0,,,0`,
      '',
    ].join('\r\n'),
  );
});

test('the JSON is the report itself', () => {
  const report = sampleReport([sampleStage('encoder', { medianMs: 3 })], { wallMs: 4 });
  expect(reportSchema.parse(JSON.parse(reportJson(report)))).toEqual(report);
});
