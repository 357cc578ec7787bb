import { expect, test } from 'vitest';
import type { Report, StageReport } from '#engine/contract/report.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { sampleModel } from '#engine/profile/sample-report.testing.ts';
import {
  languageMeasures,
  measuredFigures,
  measuredRows,
  stageFigures,
  tokensText,
  totalFigures,
  type Figure,
} from './node-measures.ts';

const document = sketchDocument(
  {
    image: ['input/image'],
    preprocess: ['vision/preprocess'],
    encoder: ['encoder/clip-vit', { model: 'shapes-llava' }],
    projector: ['projector/mlp'],
    fastv: ['acceleration/fastv', { layer: 2, ratio: 0.5 }],
    prompt: ['input/prompt', { text: 'what colour is the circle?' }],
    language: ['language/decoder', { model: 'shapes-llava', maxNewTokens: 8 }],
    answer: ['output/answer'],
  },
  [
    'image.image > preprocess.image',
    'preprocess.pixels > encoder.pixels',
    'encoder.tokens > projector.tokens',
    'projector.tokens > language.visual',
    'fastv.part > language.acceleration',
    'prompt.text > language.prompt',
    'language.answer > answer.answer',
  ],
);

const lines = (figures: readonly Figure[]): readonly string[] =>
  figures.map(({ label, value, isEstimate }) => `${label}: ${isEstimate ? 'est. ' : ''}${value}`);

test('what is reckoned is marked, what is counted is not, and what says nothing is left out', () => {
  const outcome = estimateGraph(checkGraph(document, catalogue));
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  const figuresOf = (id: string) => {
    const stage = outcome.value.stages.find((each) => each.id === id);
    return stage ? lines(stageFigures(stage)).map((line) => line.replaceAll('\u2009', ' ')) : null;
  };
  expect(figuresOf('image')).toEqual([]);
  // A part has no stage of its own.
  expect(figuresOf('fastv')).toBeNull();
  expect(figuresOf('projector')?.map((line) => line.split(':')[0])).toEqual([
    'Parameters',
    'FLOPs',
    'Weights',
    'Activations',
  ]);
  const language = figuresOf('language');
  expect(language).toContain('Visual tokens: est. 144 → 72');
  expect(language?.find((line) => line.startsWith('Parameters: '))).not.toContain('est.');
  const model = outcome.value.stages.find((each) => each.id === 'language');
  const carried = (recurrentBytes: number, keyValueBytes = 5e5) =>
    model && lines(stageFigures({ ...model, keyValueBytes, recurrentBytes })).at(-1);
  expect(carried(0)).toMatch(/^KV cache at \d+ tokens: est\. 500\u2009kB$/);
  expect(carried(5e5)).toMatch(/^State at \d+ tokens: est\. 1\.00\u2009MB$/);
  expect(carried(5e5, 0)).toBe('State: est. 500\u2009kB');
  expect(lines(totalFigures(outcome.value))).toContain('Visual tokens: est. 144 → 72');
});

test('a language model is measured in phases, any other node in one row, and none before a pass', () => {
  const stage = (id: string, runs: number, phase: StageReport['phase'] = null): StageReport => ({
    id,
    node: id.replace(/\/.*/, ''),
    type: '',
    title: '',
    phase,
    precision: null,
    weights: null,
    latencyMs: { median: 1, deviation: 0, interval: null, p95: null, runs },
    memory: { weightsBytes: 0, peakBytes: 0, stateBytes: 3e6, kvBytes: 2e6 },
    tokensIn: null,
    tokensOut: null,
    flops: 0,
    movedBytes: null,
  });
  const stages = [
    stage('encoder', 3),
    stage('language/prefill', 3, 'prefill'),
    stage('language/decode', 3, 'decode'),
    stage('late', 0),
  ];
  const report = { stages } as unknown as Report;
  const phases = (node: string) => measuredRows(report, node).map(({ phase }) => phase);
  expect(phases('encoder')).toEqual(['']);
  expect(phases('language')).toEqual(['prefill', 'decode']);
  expect(phases('late')).toEqual([]);
  expect(measuredRows(null, 'encoder')).toEqual([]);
  expect(lines(measuredFigures(stage('encoder', 3)))).toEqual([
    'Latency, median: 1.00\u2009ms',
    'Peak memory: 0\u2009B',
  ]);
  const steady = {
    ...stage('encoder', 20),
    latencyMs: {
      median: 1,
      deviation: 0.01,
      interval: { from: 0.98, to: 1.02, certainty: 0.96 },
      p95: 1.1,
      runs: 20,
    },
  };
  expect(lines(measuredFigures(steady)).slice(0, 2)).toEqual([
    'Latency, median: 1.00\u2009ms ±2.0\u2009%',
    'Latency, p95: 1.10\u2009ms',
  ]);
  const model = sampleModel('language', {
    timeToFirstTokenMs: 40,
    decodeTokensPerSecond: 20,
    draft: { proposed: 40, accepted: 31 },
  });
  expect(lines(languageMeasures(model, measuredRows(report, 'language')))).toEqual([
    'Time to first token: 40.0\u2009ms',
    'Decode: 20.0 tokens / s',
    'Draft: 31 of 40 guesses kept',
    'State: 3.00\u2009MB',
  ]);
  expect(tokensText({ tokensIn: 576, tokensOut: 144 })).toBe('576 → 144');
  expect(tokensText({ tokensIn: null, tokensOut: 144 })).toBe('144');
});
