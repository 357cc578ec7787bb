/** Google's SigLIP 2 in its NaFlex form, for pictures of any shape. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { attentionPooling } from '#engine/onnx/blocks/attention-pooling.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { patchGrid, patchVectors } from '#engine/onnx/blocks/patch-embedding.ts';
import { positionedTokens } from '#engine/onnx/blocks/position-table.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import {
  describeTower,
  levelsFeatures,
  towerFromConfig,
  type TowerConfig,
} from './tower/tower-config.ts';
import { visionModelLayouts } from './names/tower-names.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { levelsOutput, levelsParam } from './tower/tower-levels.ts';
import { everyToken, layerNormOf, transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  lastFeatureLayerParam,
  normEpsilonParam,
  shapeOfSize,
  transformerParams,
  type VisionTransformerShape,
} from './tower/vision-transformer-params.ts';
import { patchEmbeddingName, towerLayers, towerPositions } from './tower/vision-tower.ts';

const sizes = towerSizes(
  {
    'so400m-p16': { label: 'so400m/16', size: [256, 16, 1152, 27, 16, 4304] },
    'base-p16': { label: 'base/16', size: [256, 16, 768, 12, 12, 3072] },
  },
  'so400m-p16',
  ({ size }) => shapeOfSize(size, { activation: 'gelu-tanh', normEpsilon: 1e-6 }),
);

const params = {
  model: sizes.param,
  featureLayer: lastFeatureLayerParam,
  ...levelsParam,
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the tower.',
    default: 'patches',
    options: [
      { value: 'patches', label: 'Patches' },
      { value: 'pooled', label: 'Pooled', about: 'One token from the attention-pooling head.' },
    ],
  },
  ...transformerParams,
  activation: activationParam('gelu-tanh'),
  normEpsilon: normEpsilonParam(1e-6),
  ...weightParams,
} as const;

type Siglip2Params = ParamValues<typeof params>;

const trainedSchema = z.object({ num_patches: z.int(), patch_size: z.int() });

const libraryConfig: TowerConfig = {
  title: 'SigLIP 2 NaFlex',
  modelTypes: ['siglip2_vision_model'],
  defaults: {
    patch_size: 16,
    num_patches: 256,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    intermediate_size: 3072,
    hidden_act: 'gelu_pytorch_tanh',
    layer_norm_eps: 1e-6,
  },
  // The grid of trained positions is a square.
  derived: (own) => {
    const read = trainedSchema.safeParse(own);
    if (!read.success) return { image_size: null };
    return { image_size: Math.floor(Math.sqrt(read.data.num_patches)) * read.data.patch_size };
  },
};

const tower = transformerTower<Siglip2Params, VisionTransformerShape>({
  title: 'SigLIP 2',
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 0,
  positions: () => 'interpolated',
  norm: layerNormOf,
  finalNorm: () => ({ name: 'post_layernorm', of: 'tokens' }),
  choices: {
    patches: { leaves: 'patches' },
    pooled: {
      leaves: 'single',
      pool: everyToken,
      finish: (g, normed, shape) => attentionPooling(g, normed, 'head', shape),
    },
  },
});

export const siglip2 = defineNode({
  type: 'encoder/siglip2',
  version: 1,
  family: 'encoder',
  title: 'SigLIP 2 NaFlex',
  about:
    'SigLIP trained further with captions to write, places to name and its own answers to predict, in the form that takes ' +
    'pictures in their own shape: positions trained on a grid of 16 × 16 are brought to the grid of the picture. The size ' +
    'of the picture sets how many tokens there are, and so what it costs. SigLIP 2 for squares of a set size is the node SigLIP.',
  references: [
    {
      title: 'SigLIP 2: Multilingual Vision-Language Encoders',
      url: 'https://arxiv.org/abs/2502.14786',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' }, ...levelsOutput },
  fromConfig(files) {
    const found = towerFromConfig(files, libraryConfig);
    if (!found.ok) return found;
    const { shape, features } = found.value;
    return ok({
      params: {
        ...sizes.paramsFor({ ...shape }),
        ...(features && {
          featureLayer: features.featureLayer,
          select: 'patches',
          ...levelsFeatures(features),
        }),
      },
      took: ['SigLIP 2', ...describeTower(shape)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) =>
    visionModelLayouts({ ...tower.extentOf(values), beside: [] }, [
      ['tower alone', 'vision_model.'],
      ['in a whole model', 'vision_tower.vision_model.'],
      ['in a whole model, since version 5', 'model.vision_tower.vision_model.'],
    ]),
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
      const { patchSize, hiddenSize } = shape;
      const vectors = patchVectors(g, pixels, { patchSize, inside: 'channels' }); // [B, N, 3 P²]
      const patches = linear(g, vectors, patchEmbeddingName, {
        inputs: 3 * patchSize ** 2,
        outputs: hiddenSize,
        bias: true,
      });
      const table = { ...towerPositions(g, shape, 0, 'antialiased'), kernel: 'bilinear' } as const;
      const grid = patchGrid(inputs.pixels, shape);
      const embedded = positionedTokens(g, patches, [], table, grid); // [B, N, D]
      return tower.outputs(g, embedded, towerLayers(g, shape), context);
    },
  },
});
