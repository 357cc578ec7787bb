/** ViTamin: convolutions first, then a vision transformer. */
import { error } from '#engine/contract/problem.ts';
import { flag, size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { gatedFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { learnedPositions, positionedTokens } from '#engine/onnx/blocks/position-table.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import { timmLayouts } from './names/timm-names.ts';
import { projNames, towerAttention } from './tower/tower-attention.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { layerNormOf, meanOfPatches, transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  lastFeatureLayerParam,
  normEpsilonParam,
  positionsParam,
  shapeOfSize,
  trainedGrid,
  transformerParams,
  type PublishedSize,
  type VisionTransformerShape,
} from './tower/vision-transformer-params.ts';
import { vitaminStem, type StemShape } from './layers/vitamin-stem.ts';

interface VitaminShape extends VisionTransformerShape, StemShape {
  /** Are positions added to the tokens? */
  readonly placed: boolean;
  readonly projectionSize: number;
}

/** Pixels along a side of what becomes a token: the convolutions halve the map four times. */
const step = 16;

/** Stem, second stage, then width, layers, heads and joint space; the feed-forward is twice the width. */
const figures = {
  small: ['S', 64, 128, 384, 14, 6, 384],
  base: ['B', 128, 256, 768, 14, 12, 768],
  large: ['L', 160, 320, 1024, 31, 16, 768],
  large2: ['L2', 160, 320, 1024, 31, 16, 1024],
  xlarge: ['XL', 192, 384, 1152, 32, 16, 1152],
} as const;

function row(name: keyof typeof figures, side: number) {
  const [letter, stemSize, secondSize, width, layers, heads, projectionSize] = figures[name];
  const published: PublishedSize = [side, step, width, layers, heads, 2 * width];
  const label = `${letter}, ${side} px`;
  return { label, size: published, stemSize, secondSize, projectionSize };
}

const sizes = towerSizes(
  {
    'small-224': row('small', 224),
    'base-224': row('base', 224),
    'large-224': row('large', 224),
    'large-256': row('large', 256),
    'large-336': row('large', 336),
    'large-384': row('large', 384),
    'large2-224': row('large2', 224),
    'large2-256': row('large2', 256),
    'large2-336': row('large2', 336),
    'large2-384': row('large2', 384),
    'xlarge-256': row('xlarge', 256),
    'xlarge-336': row('xlarge', 336),
    'xlarge-384': row('xlarge', 384),
  },
  'large-336',
  ({ size: published, stemSize, secondSize, projectionSize }): VitaminShape => ({
    ...shapeOfSize(published, { activation: 'gelu', normEpsilon: 1e-6 }),
    stemSize,
    secondSize,
    firstCount: 2,
    secondCount: 4,
    // The convolutions of the largest tell its tokens where they are.
    placed: stemSize !== figures.xlarge[1],
    projectionSize,
  }),
);

// What becomes a token is set by the convolutions, and a picture holds one at least.
const { patchSize: _, imageSize, ...vitParams } = transformerParams;

const params = {
  model: sizes.param,
  featureLayer: lastFeatureLayerParam,
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the encoder.',
    default: 'patches',
    options: [
      { value: 'patches', label: 'Patches', about: 'Of the chosen layer, not normed.' },
      { value: 'mean', label: 'Mean', about: "The last layer's mean, normed." },
      { value: 'projected', label: 'Projected', about: 'The mean in the joint space with text.' },
    ],
  },
  positions: positionsParam,
  imageSize: { ...imageSize, min: step },
  ...vitParams,
  stemSize: size('Stem width', 'Channels of the stem and the first stage.', 64, 65_536),
  secondSize: size('Second width', 'Channels of the second stage.', 128, 65_536),
  firstCount: size('First stage', 'Convolution blocks of the first stage.', 2, 64),
  secondCount: size('Second stage', 'Convolution blocks of the second stage.', 4, 64),
  placed: flag('Positions', 'Learned positions are added to the tokens.', true),
  projectionSize: size('Projection size', 'Channels of the joint space with text.', 384, 65_536),
  activation: activationParam('gelu'),
  normEpsilon: normEpsilonParam(1e-6),
  ...weightParams,
} as const;

type VitaminParams = ParamValues<typeof params>;

const shapeOf = (values: VitaminParams): VitaminShape =>
  sizes.shapeOf({ ...values, patchSize: step });

const tower = transformerTower<VitaminParams, VitaminShape>({
  title: 'ViTamin',
  shapeOf,
  prefixTokens: () => 0,
  positions: (values) => (shapeOf(values).placed ? values.positions : 'interpolated'),
  norm: layerNormOf,
  finalNorm: () => ({ name: 'norm', of: 'single' }),
  choices: {
    patches: { leaves: 'patches' },
    mean: { leaves: 'single', pool: meanOfPatches },
    projected: {
      leaves: 'single',
      pool: meanOfPatches,
      finish: (g, mean, { hiddenSize, projectionSize }) =>
        linear(g, mean, 'head', { inputs: hiddenSize, outputs: projectionSize, bias: true }),
      wire: (tokens, { projectionSize }) => ({ ...tokens, channels: projectionSize }),
    },
  },
  check(_values, _found, { width, height }) {
    if (width % step === 0 && height % step === 0) return null;
    const message = `A picture of ${width} × ${height} pixels cannot be halved four times; set the preprocessing's size to a multiple of ${step}.`;
    return error('dimension-mismatch', message, { port: 'pixels' });
  },
});

function vitaminLayers(g: GraphBuilder, shape: VitaminShape): readonly TransformerLayer[] {
  return Array.from({ length: shape.layerCount }, (_none, index): TransformerLayer => {
    const layer = `blocks.${index}`;
    const mlp = `${layer}.mlp`;
    const feedForward = { gate: `${mlp}.w0`, up: `${mlp}.w1`, down: `${mlp}.w2` };
    return {
      attentionNorm: `${layer}.norm1`,
      feedForwardNorm: `${layer}.norm2`,
      attention: towerAttention(g, projNames(`${layer}.attn`, 'proj'), shape),
      // It has a norm of its own behind that of the layer.
      feedForward: (builder, normed) =>
        gatedFeedForward(
          builder,
          norm(builder, normed, `${mlp}.norm`, layerNormOf(shape)),
          feedForward,
          { ...shape, bias: true },
        ),
    };
  });
}

export const vitamin = defineNode({
  type: 'encoder/vitamin',
  version: 1,
  family: 'encoder',
  title: 'ViTamin',
  about:
    'An encoder that looks near before it looks far: convolutions shrink the picture to a sixteenth a side, then a vision ' +
    'transformer with gated feed-forwards compares what they found. Trained like CLIP, it knows more than a plain ' +
    'transformer of the same size, and costs about as much.',
  references: [
    {
      title: 'ViTamin: Designing Scalable Vision Models in the Vision-Language Era',
      url: 'https://arxiv.org/abs/2404.02132',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  keyLayouts: (values) =>
    ['fc_norm', 'norm'].flatMap((finalNorm) =>
      timmLayouts({
        ...tower.extentOf(values),
        prefixes: ['', 'visual.trunk.'],
        outside: { norm: finalNorm },
        layers: 'blocks.',
        inside: {},
        queryKeyValue: ['attn.q_proj', 'attn.k_proj', 'attn.v_proj'],
      }),
    ),
  demand: tower.demand,
  infer: tower.infer,
  layers: (values) => shapeOf(values).layerCount,
  summary: (values) => sizes.summary({ ...values, patchSize: step }),
  body: {
    kind: 'onnx',
    dims: tower.dims,
    emit(g, { pixels }, context) {
      const { params: values, inputs } = context;
      const shape = shapeOf(values);
      const { hiddenSize } = shape;
      const patches = vitaminStem(g, pixels, shape); // [B, N, D]
      const positions = () =>
        learnedPositions(g, 'pos_embed', hiddenSize, {
          prefixTokens: 0,
          trained: trainedGrid(shape),
          kernel: 'bicubic',
          antialias: values.positions === 'antialiased',
        });
      const grid = patchGrid(inputs.pixels, shape);
      const embedded = shape.placed ? positionedTokens(g, patches, [], positions(), grid) : patches;
      return tower.outputs(g, embedded, vitaminLayers(g, shape), context);
    },
  },
});
