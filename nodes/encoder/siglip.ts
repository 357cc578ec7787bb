/** Google's SigLIP image tower. */
import type { ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { attentionPooling } from '#engine/onnx/blocks/attention-pooling.ts';
import { patchEmbedding, patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { positionedTokens } from '#engine/onnx/blocks/position-table.ts';
import { modelTypeOf, partOf, unsupported } from '../config/published-config.ts';
import {
  describeTower,
  levelsFeatures,
  towerFromConfig,
  type TakenFeatures,
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
      {
        value: 'unnormed',
        label: 'Patches, never normed',
        about: 'Without the final norm even behind the last layer, as LLaVA-OneVision takes them.',
      },
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

/** Janus says how many times wider the feed-forward is, and calls the last projection of attention otherwise. */
const janusConfig: TowerConfig = {
  title: 'Janus',
  modelTypes: ['janus_vision_model'],
  defaults: {
    ...libraryConfig.defaults,
    image_size: 384,
    hidden_size: 1024,
    num_hidden_layers: 24,
    num_attention_heads: 16,
    hidden_act: 'gelu',
    mlp_ratio: 4,
  },
  derived: ({ hidden_size: width, mlp_ratio: ratio }) => ({
    intermediate_size: Math.trunc(Number(width) * Number(ratio)),
  }),
};

/** Whole models that say nothing of a layer, and take the last one with its norm. */
const takingLast: ReadonlySet<string> = new Set(['paligemma', 'gemma3', 'janus', 'deepseek_vl']);

function towerTypeOf(files: ConfigFiles): string {
  const whole = files['config.json'] ?? {};
  return modelTypeOf(partOf(whole, ['vision_config']) ?? whole);
}

/** Hidden states that the library counts from the end have no final norm, the last one included. */
function takenFrom(files: ConfigFiles, features: TakenFeatures | null): JsonObject {
  if (takingLast.has(modelTypeOf(files['config.json'] ?? {})))
    return { featureLayer: -1, select: 'patches' };
  if (!features) return {};
  const { featureLayer } = features;
  const select = featureLayer === -1 ? 'unnormed' : 'patches';
  return { featureLayer, select, ...levelsFeatures(features) };
}

const tower = transformerTower<SiglipParams, VisionTransformerShape>({
  title: 'SigLIP',
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 0,
  positions: ({ positions }) => positions,
  norm: layerNormOf,
  finalNorm: () => ({ name: 'post_layernorm', of: 'tokens' }),
  choices: {
    patches: { leaves: 'patches' },
    unnormed: { leaves: 'patches', unnormed: true },
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
    const isJanus = towerTypeOf(files) === 'janus_vision_model';
    const found = towerFromConfig(files, isJanus ? janusConfig : libraryConfig);
    if (!found.ok) return found;
    const { own, shape, features } = found.value;
    if (own['use_qk_norm'] === true) return unsupported('Norms of queries and keys');
    if (features?.patchesOnly === true)
      return unsupported('Leaving out the first patch, as if it were a class token,');
    return ok({
      params: { ...sizes.paramsFor({ ...shape }), ...takenFrom(files, features) },
      took: [isJanus ? 'SigLIP of Janus' : 'SigLIP', ...describeTower(shape)],
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
