import { expect, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { sampleReport, sampleStage } from '#engine/profile/sample-report.testing.ts';
import { nodePorts } from './node-ports.ts';

const document = sketchDocument(
  {
    encoder: ['encoder/clip-vit', { model: 'vit-b16' }],
    pool: ['compression/average-pool'],
    projector: ['projector/mlp'],
    language: ['language/decoder'],
    foreign: ['vendor/thing'],
    preprocess: ['vision/preprocess'],
    image: ['input/image'],
    prompt: ['input/prompt'],
  },
  [
    'image.image > preprocess.image',
    'preprocess.pixels > encoder.pixels',
    'encoder.tokens > projector.tokens',
    'encoder.tokens > pool.tokens',
    'encoder.tokens > foreign.stuff',
    'projector.tokens > language.visual',
    'prompt.text > language.prompt',
  ],
);
const { nodes } = checkGraph(document, catalogue);
const rows = (id: string) =>
  nodePorts(document, nodes[id]).map(({ side, title, shape, neighbours }) => [
    side,
    title,
    shape,
    ...neighbours,
  ]);

test('each port says what flows there and who is at the other end', () => {
  expect(rows('encoder')).toEqual([
    ['input', 'Pixels', 'pixels, 3 × 224 × 224', 'preprocess'],
    ['input', 'Encoder parts', null],
    ['input', 'Weight changes', null],
    [
      'output',
      'Visual tokens',
      '196 visual tokens × 768 channels, 14 × 14 grid',
      'projector',
      'pool',
      'foreign',
    ],
    ['output', 'Tokens of several layers', '196 visual tokens × 3840 channels, 14 × 14 grid'],
    ['output', "Last layer's queries and keys", 'queries and keys, 197 × 768 each'],
  ]);
  // A prompt, a part and an answer have no shape.
  expect(rows('prompt')).toEqual([['output', 'Prompt', null, 'language']]);
  expect(rows('language').map(([, title]) => title)).toEqual([
    'Visual tokens',
    'Prompt',
    'Feed-forward parts',
    'Acceleration parts',
    'Weight changes',
    'Answer',
  ]);
});

test('of an unknown node the ports are those that have wires', () => {
  expect(rows('foreign')).toEqual([['input', 'stuff', null, 'encoder']]);
});

test('beside the estimate stands what the run has counted, at both ends of a wire', () => {
  const report = sampleReport([
    sampleStage('encoder', { medianMs: 3, tokensOut: 196 }),
    sampleStage('pool', { medianMs: 1, tokensIn: 196, tokensOut: 49 }),
    sampleStage('projector', { tokensOut: 12 }),
  ]);
  const measured = (id: string) =>
    Object.fromEntries(
      nodePorts(document, nodes[id], report).map(({ side, port, measuredTokens }) => [
        `${side}.${port}`,
        measuredTokens,
      ]),
    );
  expect(measured('encoder')).toMatchObject({
    'input.pixels': null,
    'output.tokens': 196,
    'output.queryKey': null,
  });
  expect(measured('pool')).toMatchObject({ 'input.tokens': 196, 'output.tokens': 49 });
  // No pass of it has been timed.
  expect(measured('projector')).toMatchObject({ 'input.tokens': 196, 'output.tokens': null });
});
