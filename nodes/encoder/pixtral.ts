/** Mistral's Pixtral tower. */
import { z } from 'zod';
import { error } from '#engine/contract/problem.ts';
import { ok } from '#engine/contract/outcome.ts';
import type { JsonObject } from '#engine/contract/config-files.ts';
import { decimal } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { alternatingAxialTable } from '#engine/onnx/axial-rotary.ts';
import { noneBiased } from '#engine/onnx/blocks/attention-projections.ts';
import { gatedFeedForward } from '#engine/onnx/blocks/feed-forward.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { patchEmbedding, patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import type { TransformerLayer } from '#engine/onnx/blocks/vision-transformer.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { TableGrid } from '#engine/onnx/weight.ts';
import { partOf, readFigures, unsupported } from '../config/published-config.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import { libraryLayouts } from './names/library-names.ts';
import { projNames, towerAttention } from './tower/tower-attention.ts';
import { describeTower, towerFromConfig, type TowerConfig } from './tower/tower-config.ts';
import { headSizeOf, rotaryProblem, rotated } from './tower/tower-rotary.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  featureLayerParam,
  normEpsilonParam,
  shapeOfSize,
  transformerParams,
  type VisionTransformerShape,
} from './tower/vision-transformer-params.ts';

interface PixtralShape extends VisionTransformerShape {
  readonly rotaryBase: number;
}

const sizes = towerSizes(
  {
    'pixtral-12b': {
      label: '400M/16, up to 1024 px (Pixtral 12B)',
      size: [1024, 16, 1024, 24, 16, 4096],
    },
    'mistral-small-3.1': {
      label: '400M/14, up to 1540 px (Mistral Small 3.1)',
      size: [1540, 14, 1024, 24, 16, 4096],
    },
  },
  'pixtral-12b',
  ({ size }): PixtralShape => ({
    ...shapeOfSize(size, { activation: 'silu', normEpsilon: 1e-5 }),
    rotaryBase: 10_000,
  }),
);

const params = {
  model: sizes.param,
  featureLayer: { ...featureLayerParam, default: -1 },
  ...transformerParams,
  rotaryBase: decimal('Rotary base', 'Base of the frequencies of positions.', 10_000, 1, 1e9),
  activation: activationParam('silu'),
  normEpsilon: normEpsilonParam(1e-5),
  ...weightParams,
} as const;

type PixtralParams = ParamValues<typeof params>;

const libraryConfig: TowerConfig = {
  title: 'Pixtral',
  modelTypes: ['pixtral'],
  defaults: {
    image_size: 1024,
    patch_size: 16,
    hidden_size: 1024,
    num_hidden_layers: 24,
    num_attention_heads: 16,
    intermediate_size: 4096,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-5,
  },
};

const baseSchema = z.object({ rope_theta: z.number().default(10_000) });

const normOf = ({ normEpsilon }: PixtralShape): Norm => ({ kind: 'rms', epsilon: normEpsilon });

const tower = transformerTower<PixtralParams, PixtralShape>({
  title: 'Pixtral',
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 0,
  positions: () => 'interpolated',
  norm: normOf,
  finalNorm: () => null,
  choices: { patches: { leaves: 'patches' } },
  check(values, found, { width, height }) {
    const shape = sizes.shapeOf(values);
    const { imageSize } = shape;
    const problem = rotaryProblem('Pixtral', shape, found);
    if (problem || Math.max(width, height) <= imageSize) return problem;
    const message = `Pixtral sees up to ${imageSize} pixels a side, it is given ${width} × ${height}; set the preprocessing's size to ${imageSize} at most.`;
    return error('dimension-mismatch', message, { port: 'pixels' });
  },
});

function pixtralLayers(
  g: GraphBuilder,
  shape: PixtralShape,
  grid: TableGrid,
): readonly TransformerLayer[] {
  const table = alternatingAxialTable({
    grid,
    headSize: headSizeOf(shape),
    base: shape.rotaryBase,
    prefixTokens: 0,
  });
  return Array.from({ length: shape.layerCount }, (_, index): TransformerLayer => {
    const layer = `transformer.layers.${index}`;
    const names = projNames(`${layer}.attention`, 'o_proj');
    const feedForward = {
      gate: `${layer}.feed_forward.gate_proj`,
      up: `${layer}.feed_forward.up_proj`,
      down: `${layer}.feed_forward.down_proj`,
    };
    return {
      attentionNorm: `${layer}.attention_norm`,
      feedForwardNorm: `${layer}.ffn_norm`,
      attention: {
        ...towerAttention(g, names, shape, { ...noneBiased, output: false }),
        prepare: rotated(g, shape, table, 'halves'),
      },
      feedForward: (builder, normed) =>
        gatedFeedForward(builder, normed, feedForward, { ...shape, bias: false }),
    };
  });
}

export const pixtral = defineNode({
  type: 'encoder/pixtral',
  version: 1,
  family: 'encoder',
  title: 'Pixtral tower',
  about:
    'The eyes of Pixtral and Mistral Small: a vision transformer built like a language model, with RMSNorm, gated ' +
    'feed-forwards, no biases and rotary positions of rows and columns. It takes a picture in its own size and shape, up to ' +
    'a longest side, and gives a token for each patch, so a large picture costs much more than a small one.',
  references: [{ title: 'Pixtral 12B', url: 'https://arxiv.org/abs/2410.07073' }],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig(files) {
    const found = towerFromConfig(files, libraryConfig);
    if (!found.ok) return found;
    if (found.value.features?.levels) return unsupported('Taking the features of several layers');
    const { own, shape, features } = found.value;
    const base = readFigures(baseSchema, partOf(own, ['rope_parameters']) ?? own, 'config.json');
    if (!base.ok) return base;
    const figures: JsonObject = { ...shape, rotaryBase: base.value.rope_theta };
    return ok({
      params: {
        ...sizes.paramsFor(figures),
        ...(features && { featureLayer: features.featureLayer }),
      },
      took: ['Pixtral', ...describeTower(shape)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) =>
    libraryLayouts({
      ...tower.extentOf(values),
      prefixes: [
        ['Hugging Face', ''],
        ['Pixtral, Hugging Face', 'vision_tower.'],
        ['Pixtral, Hugging Face, since version 5', 'model.vision_tower.'],
      ],
      layers: 'transformer.layers.',
      owned: /^(patch_conv|ln_pre|transformer\.layers)\./,
      unused: /^$/,
    }),
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
      const embedding = { patchSize, hiddenSize, bias: false };
      const patches = patchEmbedding(g, pixels, 'patch_conv', embedding);
      const normed = norm(g, patches, 'ln_pre', normOf(shape)); // [B, N, D]
      const layers = pixtralLayers(g, shape, patchGrid(inputs.pixels, shape));
      return tower.outputs(g, normed, layers, context);
    },
  },
});
