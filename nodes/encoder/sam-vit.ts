/** The image tower of SAM, which DeepSeek-VL and Vary read fine print with. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { readFigures, unsupported } from '../config/published-config.ts';
import { samEmbedding, samLayers, samNeck, type SamShape } from './layers/sam-vit-layers.ts';
import { samLayouts } from './names/sam-vit-names.ts';
import { samParams } from './sizes/sam-params.ts';
import { describeTower, everyOf, towerFromConfig, type TowerConfig } from './tower/tower-config.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { layerNormOf, transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  featureLayerParam,
  normEpsilonParam,
  positionsParam,
  shapeOfSize,
  transformerParams,
} from './tower/vision-transformer-params.ts';

const sizes = towerSizes(
  {
    b: { label: 'B, 1024 px', size: [1024, 16, 768, 12, 12, 3072], globalEvery: 3 },
    l: { label: 'L, 1024 px', size: [1024, 16, 1024, 24, 16, 4096], globalEvery: 6 },
    h: { label: 'H, 1024 px', size: [1024, 16, 1280, 32, 16, 5120], globalEvery: 8 },
  },
  'b',
  ({ size: published, globalEvery }): SamShape => ({
    ...shapeOfSize(published, { activation: 'gelu', normEpsilon: 1e-6 }),
    windowSize: 14,
    globalEvery,
    outputSize: 256,
  }),
);

const params = {
  model: sizes.param,
  featureLayer: { ...featureLayerParam, default: -1 },
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the tower.',
    default: 'neck',
    options: [
      {
        value: 'neck',
        label: 'Behind the neck',
        about: "Two convolutions behind the last layer, as SAM's decoder and DeepSeek-VL read it.",
      },
      { value: 'patches', label: 'Patches', about: 'Before the neck.' },
    ],
  },
  positions: positionsParam,
  ...transformerParams,
  ...samParams,
  activation: activationParam('gelu'),
  normEpsilon: normEpsilonParam(1e-6),
  ...weightParams,
} as const;

type SamParams = ParamValues<typeof params>;

const libraryConfig: TowerConfig = {
  title: 'SAM',
  modelTypes: ['sam_vision_model'],
  defaults: {
    image_size: 1024,
    patch_size: 16,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    mlp_ratio: 4,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-6,
  },
  derived: (own) => {
    const { hidden_size: width, mlp_ratio: ratio, mlp_dim: said } = own;
    if (typeof said === 'number') return { intermediate_size: said };
    if (typeof width !== 'number' || typeof ratio !== 'number') return { intermediate_size: null };
    return { intermediate_size: Math.trunc(width * ratio) };
  },
};

const detailsSchema = z.object({
  output_channels: z.int().default(256),
  window_size: z.int().default(14),
  global_attn_indexes: z.array(z.int()).default([2, 5, 8, 11]),
  qkv_bias: z.boolean().default(true),
  use_abs_pos: z.boolean().default(true),
  use_rel_pos: z.boolean().default(true),
});

const tower = transformerTower<SamParams, SamShape>({
  title: "SAM's tower",
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 0,
  positions: ({ positions }) => positions,
  norm: layerNormOf,
  finalNorm: () => null,
  choices: {
    neck: {
      leaves: 'patches',
      last: true,
      wire: (tokens, { outputSize }) => ({ ...tokens, channels: outputSize }),
      finish: (g, tokens, shape, pixels) => samNeck(g, tokens, shape, patchGrid(pixels, shape)),
    },
    patches: { leaves: 'patches' },
  },
});

export const samVit = defineNode({
  type: 'encoder/sam-vit',
  version: 1,
  family: 'encoder',
  title: 'SAM ViT',
  about:
    'The image tower of Segment Anything, trained to outline whatever is pointed at. It takes 1024 pixels a side, 4096 ' +
    'patches, which would be dear if all looked at all: most layers look only at windows of 14 × 14 patches, and a few at ' +
    'the whole picture. DeepSeek-VL and Vary read fine print with it, beside an encoder that knows words.',
  references: [
    { title: 'Segment Anything', url: 'https://arxiv.org/abs/2304.02643' },
    {
      title: 'Exploring Plain Vision Transformer Backbones for Object Detection',
      url: 'https://arxiv.org/abs/2203.16527',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig(files) {
    const found = towerFromConfig(files, libraryConfig);
    if (!found.ok) return found;
    const { own, shape } = found.value;
    const read = readFigures(detailsSchema, own, 'config.json');
    if (!read.ok) return read;
    const { output_channels, window_size, global_attn_indexes, ...needed } = read.value;
    if (Object.values(needed).includes(false))
      return unsupported("A tower of SAM's without biases or positions");
    const globalEvery = everyOf(global_attn_indexes, shape.layerCount);
    if (globalEvery === null || window_size === 0)
      return unsupported('Full attention in layers that are not evenly apart');
    const figures = { ...shape, windowSize: window_size, globalEvery, outputSize: output_channels };
    return ok({
      params: sizes.paramsFor(figures),
      took: ["SAM's tower", ...describeTower(shape)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) => samLayouts(tower.extentOf(values)),
  demand: tower.demand,
  infer: tower.infer,
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    emit(g, { pixels }, context) {
      const { params: values, inputs } = context;
      const shape = sizes.shapeOf(values);
      const grid = patchGrid(inputs.pixels, shape);
      const embedded = samEmbedding(g, pixels, shape, values.positions, grid); // [B, N, D]
      return tower.outputs(g, embedded, samLayers(g, shape, grid), context);
    },
  },
});
