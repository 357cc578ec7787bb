import { afterAll, beforeAll, expect, test } from 'vitest';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { knownCount, type ViewCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { perceiverResampler } from './perceiver-resampler.ts';

// The formula is held to the reference: verify/recorded/projector/perceiver-resampler.
let bench: NodeBench;
let folder: string;
beforeAll(async () => {
  bench = await NodeBench.open();
  folder = await bench.newFolder();
  const { model } = valueOf(buildSingleNode(single(tokensOf(6))));
  await writeKnownWeights(folder, [model], 5);
});
afterAll(() => bench.close());

const channels = 8;
const small = {
  model: 'custom',
  latentCount: 3,
  hiddenSize: channels,
  layerCount: 2,
  headCount: 2,
  headSize: 5,
  feedForwardSize: 12,
} as const;

const tokensOf = (count: number, views?: ViewCount): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(count),
  channels,
  prefixTokens: 0,
  grid: { rows: 1, columns: count },
  ...(views && { views }),
});

const clips = (frames: number, items: number): ViewCount => ({
  known: true,
  views: frames * items,
  most: frames * items,
  items,
  media: 'video',
});

const single = (tokens: WireOf<'tokens'>, params = {}) => ({
  definition: perceiverResampler,
  params: { ...small, weights: { kind: 'checkpoint', folder }, ...params },
  inputs: { tokens },
});

test('the frames of a clip are seen at once, as one long picture would be', async () => {
  const data = normalNumbers(2 * 3 * channels, 1);
  const frames = await bench.runNode(single(tokensOf(3, clips(2, 1))), {
    tokens: float32(data, [2, 3, channels]),
  });
  const picture = await bench.runNode(single(tokensOf(6)), {
    tokens: float32(data, [1, 6, channels]),
  });
  expect(frames['tokens']?.dims).toEqual([1, 3, channels]);
  expect(largestError(floatsOf(frames['tokens']), floatsOf(picture['tokens']))).toBeLessThan(1e-6);
});

test('so many tokens come out as there are latents, one view for each clip or picture', () => {
  const leaves = (tokens: WireOf<'tokens'>) =>
    valueOf(buildSingleNode(single(tokens))).outputs['tokens'];
  const latents = { ...tokensOf(0), count: knownCount(3), grid: null };
  expect(leaves(tokensOf(3, clips(4, 2)))).toEqual({
    ...latents,
    views: { known: true, views: 2, most: 2, media: 'video' },
  });
  expect(leaves(tokensOf(3))).toEqual(latents);
  const tiles = { known: false, views: 3, most: 5, items: 1 };
  expect(leaves(tokensOf(3, tiles))).toEqual(latents);
});

test('as published it has 63 million parameters', () => {
  const tokens = { ...tokensOf(256), channels: 1024 };
  const { model } = valueOf(buildSingleNode({ ...single(tokens), params: {} }));
  expect(countParameters([model])).toBe(63_019_008);
});

test.for([
  [
    'an encoder of another width',
    { ...tokensOf(4), channels: 6 },
    'The perceiver resampler works on 8 channels, its input gives 6; choose an encoder with 8, or a custom size.',
  ],
  [
    'a clip with more frames than there are embeddings',
    tokensOf(4, clips(6, 1)),
    'There are 6 frames to look at and embeddings for 5; take at most 5 frames of a clip.',
  ],
  [
    'more clips than there are embeddings',
    tokensOf(4, clips(2, 3)),
    'There are 3 pictures or clips and embeddings for 2; wire at most 2.',
  ],
] as const)('%s is refused', ([, tokens, message]) => {
  const outcome = buildSingleNode(single(tokens, { frameCount: 5, mediaCount: 2 }));
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});

test('of clips that differ in length, the longest needs its embeddings', () => {
  const refused = (frameCount: number) =>
    checkGraph(
      sketchDocument(
        {
          long: ['input/video', { frames: 6 }],
          short: ['input/video', { frames: 2 }],
          shape: ['vision/preprocess'],
          encoder: ['encoder/clip-vit', { model: 'vit-l14' }],
          resampler: ['projector/perceiver-resampler', { frameCount }],
        },
        [
          'long.frames > shape.image',
          'short.frames > shape.image',
          'shape.pixels > encoder.pixels',
          'encoder.tokens > resampler.tokens',
        ],
      ),
      catalogue,
    ).problems.filter(({ node }) => node === 'resampler');
  expect(refused(6)).toEqual([]);
  expect(refused(5)).toMatchObject([
    {
      code: 'dimension-mismatch',
      message:
        'There are 6 frames to look at and embeddings for 5; take at most 5 frames of a clip.',
    },
  ]);
});
