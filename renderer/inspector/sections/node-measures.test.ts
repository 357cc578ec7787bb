import { expect, test } from 'vitest';
import type { Report, StageReport } from '#engine/contract/report.ts';
import { estimateGraph } from '#engine/estimate/estimate.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import {
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
  expect(lines(totalFigures(outcome.value))).toContain('Visual tokens: est. 144 → 72');
});

test('a language model is measured in phases, any other node in one row, and none before a pass', () => {
  const stage = (id: string, node: string, runs: number): StageReport => ({
    id,
    node,
    type: '',
    title: '',
    precision: null,
    weights: null,
    latencyMs: { median: 1, p95: 1, runs },
    memory: { weightsBytes: 0, peakBytes: 0, kvBytes: 0 },
    tokensIn: null,
    tokensOut: null,
    flops: 0,
  });
  const stages = [
    stage('encoder', 'encoder', 3),
    stage('language/prefill', 'language', 3),
    stage('language/decode', 'language', 3),
    stage('late', 'late', 0),
  ];
  const report = { stages } as unknown as Report;
  const phases = (node: string) => measuredRows(report, node).map(({ phase }) => phase);
  expect(phases('encoder')).toEqual(['']);
  expect(phases('language')).toEqual(['prefill', 'decode']);
  expect(phases('late')).toEqual([]);
  expect(measuredRows(null, 'encoder')).toEqual([]);
  expect(lines(measuredFigures(stage('encoder', 'encoder', 3)))).toHaveLength(3);
  expect(tokensText({ tokensIn: 576, tokensOut: 144 })).toBe('576 → 144');
  expect(tokensText({ tokensIn: null, tokensOut: 144 })).toBe('144');
});
