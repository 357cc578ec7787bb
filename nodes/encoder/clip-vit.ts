/** OpenAI's CLIP image tower. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { sameViews } from '#engine/node/wire.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { readFigures } from '../config/published-config.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import {
  describeLevels,
  describeTower,
  featureParams,
  towerFromConfig,
  type TowerConfig,
} from './tower/tower-config.ts';
import { towerParam, visionTowerLayouts } from './names/tower-names.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { levelsOutput, levelsParam } from './tower/tower-levels.ts';
import { layerNormOf, transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  featureLayerParam,
  normEpsilonParam,
  positionsParam,
  shapeOfSize,
  transformerParams,
} from './tower/vision-transformer-params.ts';
import { clipEmbedding, towerLayers } from './tower/vision-tower.ts';

/** Published towers: sizes, and the width of the projection into CLIP's joint space. */
const sizes = towerSizes(
  {
    'vit-l14-336': {
      label: 'ViT-L/14, 336 px',
      size: [336, 14, 1024, 24, 16, 4096],
      projection: 768,
    },
    'vit-l14': { label: 'ViT-L/14, 224 px', size: [224, 14, 1024, 24, 16, 4096], projection: 768 },
    'vit-b16': { label: 'ViT-B/16, 224 px', size: [224, 16, 768, 12, 12, 3072], projection: 512 },
    'vit-b32': { label: 'ViT-B/32, 224 px', size: [224, 32, 768, 12, 12, 3072], projection: 512 },
    'dfn-vit-h14-378': {
      label: 'DFN ViT-H/14, 378 px',
      size: [378, 14, 1280, 32, 16, 5120],
      projection: 1024,
    },
    'shapes-llava': { label: 'Shapes, 96 px', size: [96, 8, 128, 6, 4, 512], projection: 128 },
  },
  'vit-l14-336',
  ({ size, projection }) => ({
    ...shapeOfSize(size, { activation: 'quick-gelu', normEpsilon: 1e-5 }),
    projectionSize: projection,
  }),
);

const params = {
  model: sizes.param,
  featureLayer: featureLayerParam,
  ...levelsParam,
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the tower.',
    default: 'patches',
    options: [
      {
        value: 'patches',
        label: 'Patches',
        about: 'Without the class token, as LLaVA takes them.',
      },
      { value: 'all', label: 'Class token and patches' },
      {
        value: 'normed',
        label: 'Class token and patches, normed',
        about: "Those of the last layer after the final norm, as timm's features are.",
      },
      { value: 'pooled', label: 'Pooled', about: 'The class token after the final norm.' },
      {
        value: 'projected',
        label: 'Projected',
        about: "The pooled token in CLIP's joint space with text.",
      },
    ],
  },
  positions: positionsParam,
  ...transformerParams,
  activation: activationParam('quick-gelu'),
  normEpsilon: normEpsilonParam(1e-5),
  projectionSize: {
    kind: 'integer',
    label: 'Projection size',
    help: 'Channels of the joint space with text.',
    default: 512,
    min: 1,
    max: 65_536,
    shownWhen: { param: 'model', is: ['custom'] },
    group: 'architecture',
  },
  ...weightParams,
  tower: towerParam,
} as const;

type ClipParams = ParamValues<typeof params>;

const projectionSchema = z.object({ projection_dim: z.int() });

const libraryConfig: TowerConfig = {
  title: 'CLIP',
  modelTypes: ['clip_vision_model'],
  defaults: {
    image_size: 224,
    patch_size: 32,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    intermediate_size: 3072,
    projection_dim: 512,
    hidden_act: 'quick_gelu',
    layer_norm_eps: 1e-5,
  },
};

const tower = transformerTower<ClipParams, ReturnType<typeof sizes.shapeOf>>({
  title: 'CLIP',
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 1,
  positions: ({ positions }) => positions,
  norm: layerNormOf,
  finalNorm: () => ({ name: 'post_layernorm', of: 'single' }),
  choices: {
    patches: { leaves: 'patches' },
    all: { leaves: 'all' },
    normed: { leaves: 'all', last: true },
    pooled: { leaves: 'single' },
    projected: {
      leaves: 'single',
      finish: (g, pooled, { hiddenSize, projectionSize }) =>
        linear(g, pooled, 'visual_projection', {
          inputs: hiddenSize,
          outputs: projectionSize,
          bias: false,
        }),
      wire: (tokens, { projectionSize }) => ({ ...tokens, channels: projectionSize }),
    },
  },
});

export const clipVit = defineNode({
  type: 'encoder/clip-vit',
  version: 1,
  family: 'encoder',
  title: 'CLIP ViT',
  about:
    'A vision transformer trained by OpenAI to tell which caption belongs to which picture. It cuts the picture into ' +
    'square patches, makes a token of each, and lets the tokens look at one another for a number of layers. ' +
    'Multimodal models take the tokens of the second-last layer, which still know where things are.',
  references: [
    {
      title: 'Learning Transferable Visual Models From Natural Language Supervision',
      url: 'https://arxiv.org/abs/2103.00020',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: {
    tokens: { kind: 'tokens', title: 'Visual tokens' },
    ...levelsOutput,
    queryKey: { kind: 'query-key', title: "Last layer's queries and keys", optional: true },
  },
  fromConfig(files, { tower: which } = {}) {
    const found = towerFromConfig(files, libraryConfig);
    if (!found.ok) return found;
    const { own, shape, features } = found.value;
    // Video-LLaVA drops the class token of pictures, and keeps that of every frame.
    const taken = features && which === 'clips' ? { ...features, patchesOnly: false } : features;
    const projection = readFigures(projectionSchema, own, 'config.json');
    if (!projection.ok) return projection;
    const figures = { ...shape, projectionSize: projection.value.projection_dim };
    return ok({
      params: { ...sizes.paramsFor(figures), ...featureParams(taken) },
      took: ['CLIP', ...describeTower(shape), ...describeLevels(taken)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) =>
    visionTowerLayouts({ ...tower.extentOf(values), beside: ['visual_projection.'] }, values.tower),
  demand: tower.demand,
  infer({ params: values, inputs, wired }) {
    const inferred = tower.infer({ params: values, inputs, wired });
    if (!inferred.ok) return inferred;
    const { outputs, found } = inferred.value;
    const { layerCount, hiddenSize } = sizes.shapeOf(values);
    const queryKey = {
      kind: 'query-key',
      ...sameViews(inputs.pixels),
      // Of what enters the last layer.
      count: found.tokensAfter(layerCount - 1),
      ...(!found.known && { known: false as const }),
      channels: hiddenSize,
    } as const;
    return ok({ ...inferred.value, outputs: { ...outputs, queryKey } });
  },
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    dims: tower.dims,
    emit(g, { pixels }, context) {
      const { params: values, inputs, wired } = context;
      const shape = sizes.shapeOf(values);
      const normed = clipEmbedding(g, pixels, shape, values.positions, inputs.pixels);
      const asked = wired.has('queryKey');
      const outputs = tower.outputs(g, normed, towerLayers(g, shape), context, asked);
      if (!asked) return outputs;
      return { ...outputs, 'queryKey.query': g.tapped('query'), 'queryKey.key': g.tapped('key') };
    },
  },
});
