/** What the OCR agent gives: how many pictures there are is left to the picture, and every node behind knows it. */
import { expect, it } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { planGraph } from '#engine/plan/plan.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';

type Params = Readonly<Record<string, Json>>;

const agent = 'vision/ocr-agent';
const tower = {
  model: 'custom',
  hiddenSize: 32,
  layerCount: 2,
  headCount: 4,
  imageSize: 32,
  patchSize: 8,
  feedForwardSize: 48,
} as const;

const checked = (
  nodes: Readonly<Record<string, readonly [string, Params?]>>,
  wires: readonly string[],
) => checkGraph(sketchDocument(nodes, wires), catalogue);

function pixelsBehind(type: string, params: Params = {}) {
  const { problems, nodes } = checked(
    { image: ['input/image'], agent: [agent], eye: [type, { size: 32, ...params }] },
    ['image.image > agent.image', 'agent.pictures > eye.image'],
  );
  expect(problems).toEqual([]);
  return nodes['eye']?.outputs['pixels'];
}

it('the picture and up to four crops are pictures of their own', () => {
  expect(pixelsBehind('vision/preprocess')).toEqual({
    kind: 'pixels',
    height: 32,
    width: 32,
    views: { known: false, views: 3, most: 5, items: 3, mostItems: 5 },
  });
});

it('beside a picture of another wire there is one more', () => {
  const { nodes } = checked(
    {
      image: ['input/image'],
      agent: [agent, { mostCrops: 1 }],
      eye: ['vision/preprocess', { size: 32 }],
    },
    ['image.image > agent.image', 'agent.pictures > eye.image', 'image.image > eye.image'],
  );
  expect(nodes['eye']?.outputs['pixels']).toMatchObject({
    views: { known: false, views: 3, most: 3, items: 3, mostItems: 3 },
  });
});

it('tiles of each are counted by the most pictures there can be', () => {
  const views = { known: false, most: 25, items: 3, mostItems: 5 };
  expect(pixelsBehind('vision/pan-and-scan', { mostCrops: 4 })).toMatchObject({ views });
});

function resampled(params: Params) {
  return checked(
    {
      image: ['input/image'],
      agent: [agent],
      eye: ['vision/preprocess'],
      encoder: ['encoder/clip-vit', tower],
      resampler: ['projector/perceiver-resampler', { model: 'custom', hiddenSize: 32, ...params }],
    },
    [
      'image.image > agent.image',
      'agent.pictures > eye.image',
      'eye.pixels > encoder.pixels',
      'encoder.tokens > resampler.tokens',
    ],
  );
}

it('an encoder and a resampler see each picture by itself, however many there are', () => {
  const { problems, nodes } = resampled({});
  expect(problems).toEqual([]);
  const views = { known: false, views: 3, most: 5, items: 3, mostItems: 5 };
  expect(nodes['encoder']?.outputs['tokens']).toMatchObject({ views });
  expect(nodes['resampler']?.outputs['tokens']).toMatchObject({ views });
});

it('embeddings for each picture have to be enough for the most crops', () => {
  expect(resampled({ mediaCount: 4 }).problems).toMatchObject([
    {
      code: 'dimension-mismatch',
      param: 'mediaCount',
      message: 'There can be 5 pictures or clips and embeddings for 4; wire at most 4.',
    },
  ]);
});

it.each([
  [
    { language: '../eng' },
    'input/image',
    'image',
    {
      code: 'param-invalid',
      param: 'language',
      message:
        '"../eng" is no name of a language as Tesseract has them; write eng, deu or chi_sim.',
    },
  ],
  [
    {},
    'input/video',
    'frames',
    {
      code: 'arrangement-unsupported',
      port: 'image',
      message:
        'Text is read in one picture; wire a single picture to it, and frames to Preprocess.',
    },
  ],
] as const)('%j behind %s is refused in a sentence', (params, source, port, problem) => {
  const { problems } = checked({ source: [source], agent: [agent, params] }, [
    `source.${port} > agent.image`,
  ]);
  expect(problems).toMatchObject([{ node: 'agent', ...problem }]);
});

it('the places of pictures are marked only where these go on', () => {
  const stepOf = (wires: readonly string[]) => {
    const nodes = {
      image: ['input/image'],
      agent: [agent],
      eye: ['vision/preprocess', { size: 32 }],
    } as const;
    const plan = valueOf(
      planGraph(checked(nodes, ['image.image > agent.image', ...wires]), { until: 'agent' }),
    );
    return plan.stages.find(({ id }) => id === 'agent')?.body;
  };
  expect(stepOf(['agent.pictures > eye.image'])).toMatchObject({ step: { marksPictures: true } });
  expect(stepOf(['image.image > eye.image'])).toMatchObject({ step: { marksPictures: false } });
});

it('only what is read as a page has blocks', () => {
  const node = catalogue[agent];
  const values = { mostCrops: 2, regions: 'block', language: 'eng' } as const;
  const rest = { margin: 0, mostSaid: 9, leastConfidence: 0, enlarge: 1 };
  expect(node.summary({ ...values, ...rest, lies: 'page' })).toBe('up to 2 blocks · eng');
  expect(node.summary({ ...values, ...rest, lies: 'scattered' })).toBe('up to 2 lines · eng');
});
