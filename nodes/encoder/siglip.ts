/** Google's SigLIP image tower. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { attentionPooling } from '#engine/onnx/blocks/attention-pooling.ts';
import { patchEmbedding, patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { positionedTokens } from '#engine/onnx/blocks/position-table.ts';
import { unsupported } from '../config/published-config.ts';
import {
  describeTower,
  levelsFeatures,
  towerFromConfig,
  type TowerConfig,
} from './tower/tower-config.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import { visionTowerLayouts } from './names/tower-names.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { levelsOutput, levelsParam } from './tower/tower-levels.ts';
import { everyToken, layerNormOf, transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  normedFeatureLayerParam,
  normEpsilonParam,
  positionsParam,
  shapeOfSize,
  transformerParams,
  type VisionTransformerShape,
} from './tower/vision-transformer-params.ts';
import { patchEmbeddingName, towerLayers, towerPositions } from './tower/vision-tower.ts';

const sizes = towerSizes(
  {
    'so400m-p14-384': { label: 'so400m/14, 384 px', size: [384, 14, 1152, 27, 16, 4304] },
    'so400m-p14-768': {
      label: 'so400m/14, 768 px (TinyChart)',
      size: [768, 14, 1152, 27, 16, 4304],
    },
    'so400m-p14-224': { label: 'so400m/14, 224 px', size: [224, 14, 1152, 27, 16, 4304] },
    'large-p16-384': { label: 'large/16, 384 px', size: [384, 16, 1024, 24, 16, 4096] },
    'base-p16-512': { label: 'base/16, 512 px', size: [512, 16, 768, 12, 12, 3072] },
    'base-p16-384': { label: 'base/16, 384 px', size: [384, 16, 768, 12, 12, 3072] },
    'base-p16-224': { label: 'base/16, 224 px', size: [224, 16, 768, 12, 12, 3072] },
    'so400m-p16-256': { label: 'SigLIP 2 so400m/16, 256 px', size: [256, 16, 1152, 27, 16, 4304] },
    'so400m-p16-384': { label: 'SigLIP 2 so400m/16, 384 px', size: [384, 16, 1152, 27, 16, 4304] },
    'so400m-p16-512': { label: 'SigLIP 2 so400m/16, 512 px', size: [512, 16, 1152, 27, 16, 4304] },
    'giant-p16-256': { label: 'SigLIP 2 giant/16, 256 px', size: [256, 16, 1536, 40, 16, 6144] },
    'giant-p16-384': { label: 'SigLIP 2 giant/16, 384 px', size: [384, 16, 1536, 40, 16, 6144] },
  },
  'so400m-p14-384',
  ({ size }) => shapeOfSize(size, { activation: 'gelu-tanh', normEpsilon: 1e-6 }),
);

const params = {
  model: sizes.param,
  featureLayer: normedFeatureLayerParam,
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
  positions: positionsParam,
  ...transformerParams,
  activation: activationParam('gelu-tanh'),
  normEpsilon: normEpsilonParam(1e-6),
  ...weightParams,
} as const;

type SiglipParams = ParamValues<typeof params>;

const libraryConfig: TowerConfig = {
  title: 'SigLIP',
  modelTypes: ['siglip_vision_model'],
  defaults: {
    image_size: 224,
    patch_size: 16,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    intermediate_size: 3072,
    hidden_act: 'gelu_pytorch_tanh',
    layer_norm_eps: 1e-6,
  },
};

const tower = transformerTower<SiglipParams, VisionTransformerShape>({
  title: 'SigLIP',
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 0,
  positions: ({ positions }) => positions,
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

export const siglip = defineNode({
  type: 'encoder/siglip',
  version: 1,
  family: 'encoder',
  title: 'SigLIP',
  about:
    'A vision transformer trained like CLIP, but judging each picture and caption as a pair of their own by a sigmoid, ' +
    'which needs no comparison across the whole batch. It has no class token: every token is a patch. ' +
    'Its so400m size is what most small multimodal models see with.',
  references: [
    {
      title: 'Sigmoid Loss for Language Image Pre-Training',
      url: 'https://arxiv.org/abs/2303.15343',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' }, ...levelsOutput },
  fromConfig(files) {
    const found = towerFromConfig(files, libraryConfig);
    if (!found.ok) return found;
    const { shape, features } = found.value;
    if (features?.featureLayer === -1)
      return unsupported("Taking SigLIP's last layer without its final norm");
    if (features?.patchesOnly === true)
      return unsupported('Leaving out the first patch, as if it were a class token,');
    const taken = features && {
      featureLayer: features.featureLayer,
      select: 'patches',
      ...levelsFeatures(features),
    };
    return ok({
      params: { ...sizes.paramsFor({ ...shape }), ...taken },
      took: ['SigLIP', ...describeTower(shape)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) => visionTowerLayouts({ ...tower.extentOf(values), beside: [] }),
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
      const embedding = { patchSize, hiddenSize, bias: true };
      const patches = patchEmbedding(g, pixels, patchEmbeddingName, embedding);
      const positions = towerPositions(g, shape, 0, values.positions);
      const grid = patchGrid(inputs.pixels, shape);
      const embedded = positionedTokens(g, patches, [], positions, grid); // [B, N, D]
      return tower.outputs(g, embedded, towerLayers(g, shape), context);
    },
  },
});
