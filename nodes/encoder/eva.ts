/** BAAI's first EVA, the giant that BLIP-2 and InstructBLIP see with. */
import { ok } from '#engine/contract/outcome.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { plainFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { patchEmbedding, patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { learnedPositions, positionedTokens } from '#engine/onnx/blocks/position-table.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import { evaLayouts } from './names/eva-names.ts';
import { projNames, queryValueBiased, towerAttention } from './tower/tower-attention.ts';
import { describeTower, towerFromConfig, type TowerConfig } from './tower/tower-config.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { levelsOutput, levelsParam } from './tower/tower-levels.ts';
import {
  layerNormOf,
  meanOfPatches,
  transformerTower,
  type FinalNorm,
} from './tower/transformer-tower.ts';
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
  type VisionTransformerShape,
} from './tower/vision-transformer-params.ts';

interface EvaShape extends VisionTransformerShape {
  readonly finalNorm: FinalNorm['of'];
}

const giant = (imageSize: number, layerCount: number): PublishedSize => [
  imageSize,
  14,
  1408,
  layerCount,
  16,
  6144,
];

const row = (label: string, size: PublishedSize, finalNorm: FinalNorm['of']) => ({
  label,
  size,
  finalNorm,
});

const sizes = towerSizes(
  {
    'blip2-g14-224': row('g/14 of BLIP-2, 224 px', giant(224, 39), 'tokens'),
    'g14-224': row('g/14, 224 px', giant(224, 40), 'single'),
    'g14-336': row('g/14, 336 px', giant(336, 40), 'single'),
    'g14-560': row('g/14, 560 px', giant(560, 40), 'single'),
  },
  'blip2-g14-224',
  ({ size, finalNorm }): EvaShape => ({
    ...shapeOfSize(size, { activation: 'gelu', normEpsilon: 1e-6 }),
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
    default: 'all',
    options: [
      {
        value: 'all',
        label: 'Class token and patches',
        about: 'As the Q-Former of BLIP-2 reads them.',
      },
      { value: 'patches', label: 'Patches' },
      { value: 'mean', label: 'Mean', about: "The patches' mean, normed." },
      {
        value: 'pooled',
        label: 'Pooled',
        about: 'The class token, normed twice, as the library gives it for BLIP-2.',
      },
    ],
  },
  positions: positionsParam,
  ...transformerParams,
  finalNorm: finalNormParam,
  activation: activationParam('gelu'),
  normEpsilon: normEpsilonParam(1e-6),
  ...weightParams,
} as const;

type EvaParams = ParamValues<typeof params>;

const libraryConfig: TowerConfig = {
  title: 'EVA',
  modelTypes: [
    'blip_2_vision_model',
    'instructblip_vision_model',
    'instructblipvideo_vision_model',
  ],
  defaults: {
    image_size: 224,
    patch_size: 14,
    hidden_size: 1408,
    num_hidden_layers: 39,
    num_attention_heads: 16,
    intermediate_size: 6144,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-6,
  },
};

const finalNormName = 'post_layernorm';

const tower = transformerTower<EvaParams, EvaShape>({
  title: 'EVA',
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 1,
  positions: ({ positions }) => positions,
  norm: layerNormOf,
  finalNorm: ({ finalNorm }) => ({ name: finalNormName, of: finalNorm }),
  choices: {
    all: { leaves: 'all' },
    patches: { leaves: 'patches' },
    mean: { leaves: 'single', pool: meanOfPatches },
    pooled: {
      leaves: 'single',
      finish: (g, normed, shape) => norm(g, normed, finalNormName, layerNormOf(shape)),
    },
  },
});

function evaLayers(g: GraphBuilder, shape: EvaShape): readonly TransformerLayer[] {
  return Array.from({ length: shape.layerCount }, (_, index): TransformerLayer => {
    const layer = `encoder.layers.${index}`;
    const names = projNames(`${layer}.self_attn`, 'projection');
    const feedForward = { up: `${layer}.mlp.fc1`, down: `${layer}.mlp.fc2` };
    return {
      attentionNorm: `${layer}.layer_norm1`,
      feedForwardNorm: `${layer}.layer_norm2`,
      attention: towerAttention(g, names, shape, queryValueBiased),
      feedForward: (builder, normed) =>
        plainFeedForward(builder, normed, feedForward, { ...shape, bias: true }),
    };
  });
}

export const eva = defineNode({
  type: 'encoder/eva',
  version: 1,
  family: 'encoder',
  title: 'EVA',
  about:
    'A vision transformer of a billion weights that learned to guess the CLIP features of hidden patches, and then like ' +
    'CLIP itself. BLIP-2, InstructBLIP and MiniGPT-4 see with it: their Q-Former reads all its tokens. It is several ' +
    'times as costly as a CLIP L/14 on the same picture.',
  references: [
    {
      title: 'EVA: Exploring the Limits of Masked Visual Representation Learning at Scale',
      url: 'https://arxiv.org/abs/2211.07636',
    },
    { title: 'BLIP-2', url: 'https://arxiv.org/abs/2301.12597' },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' }, ...levelsOutput },
  fromConfig(files) {
    const found = towerFromConfig(files, libraryConfig);
    if (!found.ok) return found;
    const { shape } = found.value;
    return ok({
      params: {
        ...sizes.paramsFor({ ...shape, finalNorm: 'tokens' }),
        featureLayer: -1,
        select: 'all',
      },
      took: ['EVA', ...describeTower(shape)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) => evaLayouts(tower.extentOf(values)),
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
      const patches = patchEmbedding(g, pixels, 'embeddings.patch_embedding', embedding);
      const classToken = g.tensor('embeddings.class_embedding', [1, 1, hiddenSize], 'embedding');
      const positions = learnedPositions(g, 'embeddings.position_embedding', hiddenSize, {
        prefixTokens: 1,
        trained: trainedGrid(shape),
        kernel: 'bicubic',
        antialias: values.positions === 'antialiased',
      });
      const learned = [{ of: classToken, count: 1 }];
      const grid = patchGrid(inputs.pixels, shape);
      const embedded = positionedTokens(g, patches, learned, positions, grid); // [B, 1 + N, D]
      return tower.outputs(g, embedded, evaLayers(g, shape), context);
    },
  },
});
