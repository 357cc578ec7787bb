/** Apple's AIMv2. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { flag } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { patchEmbedding, patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import {
  learnedPositions,
  positionTable,
  sineCosinePositions,
} from '#engine/onnx/blocks/position-table.ts';
import { add } from '#engine/onnx/operators.ts';
import { readFigures, unsupported } from '../config/published-config.ts';
import { aimv2Head, aimv2Layers } from './layers/aimv2-layers.ts';
import { aimv2Layouts } from './names/aimv2-names.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import {
  describeTower,
  levelsFeatures,
  towerFromConfig,
  type TowerConfig,
} from './tower/tower-config.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { levelsOutput, levelsParam } from './tower/tower-levels.ts';
import { everyToken, transformerTower } from './tower/transformer-tower.ts';
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

interface Aimv2Shape extends VisionTransformerShape {
  readonly sinePositions: boolean;
}

/** Hidden size, heads and feed-forward size; each was published for three sizes of picture. */
const widths = {
  large: ['L/14', 1024, 8, 2816],
  huge: ['H/14', 1536, 12, 4096],
  '1b': ['1B/14', 2048, 16, 5632],
  '3b': ['3B/14', 3072, 24, 8192],
} as const;

const row = (name: keyof typeof widths, imageSize: number) => {
  const [label, width, heads, inner] = widths[name];
  const size: PublishedSize = [imageSize, 14, width, 24, heads, inner];
  return { label: `${label}, ${imageSize} px`, size, sinePositions: false };
};

const sizes = towerSizes(
  {
    'large-224': row('large', 224),
    'large-336': row('large', 336),
    'large-448': row('large', 448),
    'huge-224': row('huge', 224),
    'huge-336': row('huge', 336),
    'huge-448': row('huge', 448),
    '1b-224': row('1b', 224),
    '1b-336': row('1b', 336),
    '1b-448': row('1b', 448),
    '3b-224': row('3b', 224),
    '3b-336': row('3b', 336),
    '3b-448': row('3b', 448),
    'large-native': { ...row('large', 224), label: 'L/14, any size', sinePositions: true },
  },
  'large-336',
  ({ size, sinePositions }): Aimv2Shape => ({
    ...shapeOfSize(size, { activation: 'silu', normEpsilon: 1e-5 }),
    sinePositions,
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
      {
        value: 'pooled',
        label: 'Pooled',
        about: 'One token from the attention-pooling head, which only some checkpoints have.',
      },
    ],
  },
  positions: positionsParam,
  ...transformerParams,
  sinePositions: flag(
    'Sine positions',
    'Fixed positions of sines and cosines for pictures of any size, in place of learned ones.',
    false,
  ),
  activation: activationParam('silu'),
  normEpsilon: normEpsilonParam(1e-5),
  ...weightParams,
} as const;

type Aimv2Params = ParamValues<typeof params>;

const libraryConfig: TowerConfig = {
  title: 'AIMv2',
  modelTypes: ['aimv2_vision_model', 'aimv2'],
  defaults: {
    image_size: 224,
    patch_size: 14,
    hidden_size: 1024,
    num_hidden_layers: 24,
    num_attention_heads: 8,
    intermediate_size: 2816,
    hidden_act: 'silu',
    rms_norm_eps: 1e-5,
  },
  derived: (own) => ({ layer_norm_eps: own['rms_norm_eps'] ?? null }),
};

const detailsSchema = z.object({
  qkv_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  use_bias: z.boolean().default(false),
  is_native: z.boolean().default(false),
});

const normOf = ({ normEpsilon }: Aimv2Shape): Norm => ({ kind: 'rms', epsilon: normEpsilon });

const tower = transformerTower<Aimv2Params, Aimv2Shape>({
  title: 'AIMv2',
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 0,
  positions: (values) => (sizes.shapeOf(values).sinePositions ? 'interpolated' : values.positions),
  norm: normOf,
  finalNorm: () => ({ name: 'rms_norm', of: 'tokens' }),
  choices: {
    patches: { leaves: 'patches' },
    pooled: { leaves: 'single', pool: everyToken, finish: aimv2Head },
  },
  check(values) {
    const { sinePositions, hiddenSize } = sizes.shapeOf(values);
    if (!sinePositions || hiddenSize % 4 === 0) return null;
    const message = `${hiddenSize} channels do not divide by four, as sines and cosines of rows and columns do; choose a hidden size that does, or learned positions.`;
    return error('arrangement-unsupported', message, { param: 'hiddenSize' });
  },
});

export const aimv2 = defineNode({
  type: 'encoder/aimv2',
  version: 1,
  family: 'encoder',
  title: 'AIMv2',
  about:
    'A vision transformer trained as the eyes of a decoder that must write out the pixels and then the caption of a picture. ' +
    'It is built like a small language model, with RMSNorm, SwiGLU and no biases, and needs no comparison of a picture ' +
    'with others. It has no class token; its tokens suit multimodal models as they are.',
  references: [
    {
      title: 'Multimodal Autoregressive Pre-training of Large Vision Encoders',
      url: 'https://arxiv.org/abs/2411.14402',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' }, ...levelsOutput },
  fromConfig(files) {
    const found = towerFromConfig(files, libraryConfig);
    if (!found.ok) return found;
    const { own, shape, features } = found.value;
    const details = readFigures(detailsSchema, own, 'config.json');
    if (!details.ok) return details;
    const { is_native: sinePositions, ...biases } = details.value;
    if (Object.values(biases).includes(true)) return unsupported('An AIMv2 with biases');
    return ok({
      params: {
        ...sizes.paramsFor({ ...shape, sinePositions }),
        ...(features && {
          featureLayer: features.featureLayer,
          select: 'patches',
          ...levelsFeatures(features),
        }),
      },
      took: ['AIMv2', ...describeTower(shape)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) => aimv2Layouts(tower.extentOf(values)),
  demand: tower.demand,
  infer: tower.infer,
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    dims: tower.dims,
    emit(g, { pixels }, context) {
      const { params: values, inputs } = context;
      const shape = sizes.shapeOf(values);
      const { hiddenSize, patchSize } = shape;
      const embedding = { patchSize, hiddenSize, bias: true };
      const patches = patchEmbedding(g, pixels, 'embeddings.patch_embed', embedding);
      const normed = norm(g, patches, 'embeddings.rms_norm', normOf(shape)); // [B, N, D]
      const grid = patchGrid(inputs.pixels, shape);
      const learned = () =>
        learnedPositions(g, 'embeddings.position_embedding.weight', hiddenSize, {
          prefixTokens: 0,
          trained: trainedGrid(shape),
          kernel: 'bicubic',
          antialias: values.positions === 'antialiased',
        });
      const positions = shape.sinePositions
        ? sineCosinePositions(grid, hiddenSize)
        : positionTable(learned(), grid);
      const embedded = add(g, normed, g.weight(positions));
      return tower.outputs(g, embedded, aimv2Layers(g, shape), context);
    },
  },
});
