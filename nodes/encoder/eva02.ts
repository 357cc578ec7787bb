/** BAAI's EVA-02, alone and as the image tower of EVA-02-CLIP. */
import { choice, option, size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { patchEmbedding, patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { learnedPositions, positionedTokens } from '#engine/onnx/blocks/position-table.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import { eva02Layers, type Eva02Shape } from './layers/eva02-layers.ts';
import { eva02Layouts } from './names/eva02-names.ts';
import { rotaryProblem } from './tower/tower-rotary.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { levelsOutput, levelsParam } from './tower/tower-levels.ts';
import { layerNormOf, meanOfPatches, transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  finalNormParam,
  lastFeatureLayerParam,
  normEpsilonParam,
  positionsParam,
  shapeOfSize,
  trainedGrid,
  transformerParams,
  type PublishedSize,
} from './tower/vision-transformer-params.ts';

/** Width, layers and heads; the feed-forward is 8/3 of the width. */
const figures = {
  tiny: [192, 12, 3],
  small: [384, 12, 6],
  base: [768, 12, 12],
  large: [1024, 24, 16],
} as const;

const inner = (name: keyof typeof figures): Eva02Shape['innerNorms'] =>
  name === 'base' || name === 'large' ? 'feed-forward' : 'none';

function row(name: keyof typeof figures, imageSize: number, patchSize = 14) {
  const [width, layers, heads] = figures[name];
  const feedForward = Math.trunc((width * 8) / 3);
  const published: PublishedSize = [imageSize, patchSize, width, layers, heads, feedForward];
  const label = `${name}/${patchSize}, ${imageSize} px`;
  return { label, size: published, innerNorms: inner(name), finalNorm: 'single' } as const;
}

function clipRow(name: keyof typeof figures, imageSize: number, patchSize = 14) {
  const plain = row(name, imageSize, patchSize);
  return {
    ...plain,
    label: `CLIP ${plain.label}`,
    innerNorms: 'both',
    finalNorm: 'tokens',
  } as const;
}

const sizes = towerSizes(
  {
    'clip-large-336': clipRow('large', 336),
    'clip-large-224': clipRow('large', 224),
    'clip-base-224': clipRow('base', 224, 16),
    'tiny-224': row('tiny', 224),
    'tiny-336': row('tiny', 336),
    'small-224': row('small', 224),
    'small-336': row('small', 336),
    'base-224': row('base', 224),
    'base-448': row('base', 448),
    'large-224': row('large', 224),
    'large-448': row('large', 448),
  },
  'clip-large-336',
  ({ size: published, innerNorms, finalNorm }): Eva02Shape => ({
    ...shapeOfSize(published, { activation: 'silu', normEpsilon: 1e-6 }),
    rotaryGrid: 16,
    innerNorms,
    finalNorm,
  }),
);

const params = {
  model: sizes.param,
  featureLayer: lastFeatureLayerParam,
  ...levelsParam,
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the encoder.',
    default: 'patches',
    options: [
      { value: 'patches', label: 'Patches' },
      { value: 'all', label: 'Class token and patches' },
      { value: 'class', label: 'Class token', about: 'Of the last layer, normed.' },
      { value: 'mean', label: 'Mean', about: "The last layer's mean of all patches, normed." },
    ],
  },
  positions: positionsParam,
  ...transformerParams,
  rotaryGrid: size(
    'Rotary grid',
    'Patches along a side of the grid that rotary positions were trained on; others are stretched to it.',
    16,
    512,
  ),
  innerNorms: choice('Inner norms', 'Norms before the second linear of a half.', 'none', [
    option('none', 'None'),
    option('feed-forward', 'In the feed-forward'),
    option('both', 'In the feed-forward and behind attention'),
  ]),
  finalNorm: finalNormParam,
  activation: activationParam('silu'),
  normEpsilon: normEpsilonParam(1e-6),
  ...weightParams,
} as const;

type Eva02Params = ParamValues<typeof params>;

const tower = transformerTower<Eva02Params, Eva02Shape>({
  title: 'EVA-02',
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 1,
  positions: ({ positions }) => positions,
  norm: layerNormOf,
  finalNorm: ({ finalNorm }) => ({ name: 'norm', of: finalNorm }),
  choices: {
    patches: { leaves: 'patches' },
    all: { leaves: 'all' },
    class: { leaves: 'single' },
    mean: { leaves: 'single', pool: meanOfPatches },
  },
  check: (values, found) => rotaryProblem('EVA-02', sizes.shapeOf(values), found),
});

export const eva02 = defineNode({
  type: 'encoder/eva02',
  version: 1,
  family: 'encoder',
  title: 'EVA-02',
  about:
    'A vision transformer built like the language models of its time: rotary positions of rows and columns, SwiGLU, and in ' +
    'its larger sizes norms inside both halves of a layer. It learned to guess the CLIP features of hidden patches; as ' +
    'EVA-02-CLIP it learned from captions too, and sees better than a CLIP of the same size at the same cost.',
  references: [
    {
      title: 'EVA-02: A Visual Representation for Neon Genesis',
      url: 'https://arxiv.org/abs/2303.11331',
    },
    {
      title: 'EVA-CLIP: Improved Training Techniques for CLIP at Scale',
      url: 'https://arxiv.org/abs/2303.15389',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' }, ...levelsOutput },
  keyLayouts: (values) => eva02Layouts(tower.extentOf(values)),
  demand: tower.demand,
  infer: tower.infer,
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    emit(g, { pixels }, context) {
      const { params: values, inputs } = context;
      const shape = sizes.shapeOf(values);
      const { hiddenSize, patchSize } = shape;
      const embedding = { patchSize, hiddenSize, bias: true };
      const patches = patchEmbedding(g, pixels, 'patch_embed.proj', embedding);
      const classToken = g.tensor('cls_token', [1, 1, hiddenSize], 'embedding');
      const positions = learnedPositions(g, 'pos_embed', hiddenSize, {
        prefixTokens: 1,
        trained: trainedGrid(shape),
        kernel: 'bicubic',
        antialias: values.positions === 'antialiased',
      });
      const grid = patchGrid(inputs.pixels, shape);
      const learned = [{ of: classToken, count: 1 }];
      const embedded = positionedTokens(g, patches, learned, positions, grid); // [B, 1 + N, D]
      return tower.outputs(g, embedded, eva02Layers(g, shape, grid), context);
    },
  },
});
