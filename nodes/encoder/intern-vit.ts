/** OpenGVLab's InternViT, which InternVL sees with. */
import { z } from 'zod';
import { ok } from '#engine/contract/outcome.ts';
import type { Json } from '#engine/contract/document.ts';
import { choice, flag, option } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { patchEmbedding, patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { learnedPositions, positionedTokens } from '#engine/onnx/blocks/position-table.ts';
import { readFigures } from '../config/published-config.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import { internVitLayers, internVitNorm, type InternVitShape } from './layers/intern-vit-layers.ts';
import { internVitLayouts } from './names/intern-vit-names.ts';
import {
  describeTower,
  featureParams,
  towerFromConfig,
  type TowerConfig,
} from './tower/tower-config.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { levelsOutput, levelsParam } from './tower/tower-levels.ts';
import { transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  featureLayerParam,
  normEpsilonParam,
  positionsParam,
  shapeOfSize,
  trainedGrid,
  transformerParams,
} from './tower/vision-transformer-params.ts';

const sizes = towerSizes(
  {
    '300m-448': { label: '300M, 448 px', size: [448, 14, 1024, 24, 16, 4096], isLarge: false },
    '6b-448': {
      label: '6B, 45 layers, 448 px',
      size: [448, 14, 3200, 45, 25, 12_800],
      isLarge: true,
    },
    '6b-224': {
      label: '6B, 48 layers, 224 px',
      size: [224, 14, 3200, 48, 25, 12_800],
      isLarge: true,
    },
  },
  '300m-448',
  ({ size, isLarge }): InternVitShape => ({
    ...shapeOfSize(size, { activation: 'gelu', normEpsilon: 1e-6 }),
    normKind: isLarge ? 'rms' : 'layer',
    projectionBias: !isLarge,
    normedQueryKey: isLarge,
  }),
);

const params = {
  model: sizes.param,
  featureLayer: { ...featureLayerParam, default: -1 },
  ...levelsParam,
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the encoder; none has a final norm.',
    default: 'patches',
    options: [
      {
        value: 'patches',
        label: 'Patches',
        about: 'Without the class token, as InternVL takes them.',
      },
      { value: 'all', label: 'Class token and patches' },
      { value: 'class', label: 'Class token', about: 'Of the last layer.' },
    ],
  },
  positions: positionsParam,
  ...transformerParams,
  normKind: choice('Norm', 'What comes before either half of a layer.', 'layer', [
    option('layer', 'LayerNorm'),
    option('rms', 'RMSNorm'),
  ]),
  projectionBias: flag('Projection bias', 'Queries, keys and values add a bias.', true),
  normedQueryKey: flag(
    'Normed queries and keys',
    'RMSNorm over the whole width of queries and keys before they meet, as in the 6B.',
    false,
  ),
  activation: activationParam('gelu'),
  normEpsilon: normEpsilonParam(1e-6),
  ...weightParams,
} as const;

type InternVitParams = ParamValues<typeof params>;

/** Sides are one number in the authors' spelling, two in the library's. */
const sideOf = (value: Json | undefined): Json => {
  if (!Array.isArray(value)) return value ?? null;
  const [height, width] = value as readonly Json[];
  return height === width && height !== undefined ? height : null;
};

const libraryConfig: TowerConfig = {
  title: 'InternViT',
  modelTypes: ['internvl_vision', 'intern_vit_6b'],
  defaults: {
    image_size: 448,
    patch_size: 14,
    hidden_size: 1024,
    num_hidden_layers: 24,
    num_attention_heads: 16,
    intermediate_size: 4096,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-6,
  },
  derived: (own) => ({
    image_size: sideOf(own['image_size']),
    patch_size: sideOf(own['patch_size']),
  }),
};

const detailsSchema = z.object({
  norm_type: z.enum(['layer_norm', 'rms_norm']).optional(),
  qkv_bias: z.boolean().optional(),
  attention_bias: z.boolean().optional(),
  qk_normalization: z.boolean().optional(),
  use_qk_norm: z.boolean().optional(),
});

const tower = transformerTower<InternVitParams, InternVitShape>({
  title: 'InternViT',
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 1,
  positions: ({ positions }) => positions,
  norm: internVitNorm,
  finalNorm: () => null,
  choices: {
    patches: { leaves: 'patches' },
    all: { leaves: 'all' },
    class: { leaves: 'single' },
  },
});

export const internVit = defineNode({
  type: 'encoder/intern-vit',
  version: 1,
  family: 'encoder',
  title: 'InternViT',
  about:
    'A vision transformer grown to the size of a language model: 6 billion weights, trained to agree with one on pictures ' +
    'and texts, documents included. The 300M was distilled from it and is what the small InternVL models see with. It is ' +
    'given tiles of 448 pixels a side, 1024 patches each, so its tokens are usually shuffled into fewer behind it.',
  references: [
    {
      title:
        'InternVL: Scaling up Vision Foundation Models and Aligning for Generic Visual-Linguistic Tasks',
      url: 'https://arxiv.org/abs/2312.14238',
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
    const isAuthors = own['model_type'] === 'intern_vit_6b';
    const { norm_type: norm = isAuthors ? 'rms_norm' : 'layer_norm', ...said } = details.value;
    const figures = {
      ...shape,
      normKind: norm === 'rms_norm' ? 'rms' : 'layer',
      projectionBias: said.attention_bias ?? said.qkv_bias ?? false,
      normedQueryKey: said.use_qk_norm ?? said.qk_normalization ?? isAuthors,
    };
    return ok({
      params: { ...sizes.paramsFor(figures), ...featureParams(features) },
      took: ['InternViT', ...describeTower(shape)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) => internVitLayouts(tower.extentOf(values)),
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
      const name = 'embeddings.patch_embeddings.projection';
      const patches = patchEmbedding(g, pixels, name, embedding);
      const classToken = g.tensor('embeddings.cls_token', [1, 1, hiddenSize], 'embedding');
      const positions = learnedPositions(g, 'embeddings.position_embeddings', hiddenSize, {
        prefixTokens: 1,
        trained: trainedGrid(shape),
        kernel: 'bicubic',
        antialias: values.positions === 'antialiased',
      });
      const learned = [{ of: classToken, count: 1 }];
      const grid = patchGrid(inputs.pixels, shape);
      const embedded = positionedTokens(g, patches, learned, positions, grid); // [B, 1 + N, D]
      return tower.outputs(g, embedded, internVitLayers(g, shape), context);
    },
  },
});
