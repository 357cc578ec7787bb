/** The image tower of Idefics2, Idefics3 and SmolVLM: SigLIP's for pictures of any shape. */
import { ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { patchEmbedding, patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { bucketedPositions } from '#engine/onnx/blocks/position-table.ts';
import { add } from '#engine/onnx/operators.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import { describeTower, towerFromConfig, type TowerConfig } from './tower/tower-config.ts';
import { visionModelLayouts } from './names/tower-names.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { layerNormOf, transformerTower } from './tower/transformer-tower.ts';
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
    'base-p16-512': {
      label: 'base/16, 512 px (SmolVLM 256M, 500M)',
      size: [512, 16, 768, 12, 12, 3072],
    },
    'so400m-p14-384': {
      label: 'so400m/14, 384 px (SmolVLM 2.2B)',
      size: [384, 14, 1152, 27, 16, 4304],
    },
    'so400m-p14-364': {
      label: 'so400m/14, 364 px (Idefics3)',
      size: [364, 14, 1152, 27, 16, 4304],
    },
    'so400m-p14-980': {
      label: 'so400m/14, 980 px (Idefics2)',
      size: [980, 14, 1152, 27, 16, 4304],
    },
  },
  'base-p16-512',
  ({ size }) => shapeOfSize(size, { activation: 'gelu-tanh', normEpsilon: 1e-6 }),
);

const params = {
  model: sizes.param,
  featureLayer: lastFeatureLayerParam,
  ...transformerParams,
  activation: activationParam('gelu-tanh'),
  normEpsilon: normEpsilonParam(1e-6),
  ...weightParams,
} as const;

type Idefics3Params = ParamValues<typeof params>;

const libraryConfig: TowerConfig = {
  title: 'Idefics3',
  // Whole models name their tower as themselves in older files.
  modelTypes: [
    'idefics3_vision',
    'smolvlm_vision',
    'idefics2_vision',
    'idefics3',
    'smolvlm',
    'idefics2',
  ],
  defaults: {
    image_size: 224,
    patch_size: 32,
    hidden_size: 1152,
    num_hidden_layers: 12,
    num_attention_heads: 16,
    intermediate_size: 3072,
    hidden_act: 'gelu_pytorch_tanh',
    layer_norm_eps: 1e-6,
  },
};

/** Patches along a side that positions are picked for. */
const mostAlong = 1024;

const tower = transformerTower<Idefics3Params, VisionTransformerShape>({
  title: 'The tower of Idefics3',
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 0,
  positions: () => 'interpolated',
  norm: layerNormOf,
  finalNorm: () => ({ name: 'post_layernorm', of: 'tokens' }),
  choices: { patches: { leaves: 'patches' } },
  check(values, _, pixels) {
    const { rows, columns } = patchGrid(pixels, sizes.shapeOf(values));
    if (Math.max(rows, columns) <= mostAlong) return null;
    const message = `A picture of ${pixels.width} × ${pixels.height} pixels has ${rows} × ${columns} patches, more than ${mostAlong} along a side; set the preprocessing's size lower, or choose a larger patch.`;
    return error('dimension-mismatch', message, { port: 'pixels' });
  },
});

export const idefics3Vision = defineNode({
  type: 'encoder/idefics3-vision',
  version: 1,
  family: 'encoder',
  title: 'Idefics3 tower',
  about:
    "SigLIP's image tower as Idefics2, Idefics3 and SmolVLM changed it: a picture may have any shape, and each patch is " +
    'told its place as a share of the way down and across, rounded to a place that was trained. Nothing is squashed, and ' +
    'no position is mixed of two. What it costs grows with the square of the patches.',
  references: [
    {
      title: 'Building and better understanding vision-language models',
      url: 'https://arxiv.org/abs/2408.12637',
    },
    { title: 'SmolVLM', url: 'https://arxiv.org/abs/2504.05299' },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig(files) {
    const found = towerFromConfig(files, libraryConfig);
    if (!found.ok) return found;
    const { shape } = found.value;
    return ok({
      params: { ...sizes.paramsFor({ ...shape }), featureLayer: -1 },
      took: ['Idefics3 tower', ...describeTower(shape)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) =>
    visionModelLayouts({ ...tower.extentOf(values), beside: [] }, [
      ['Hugging Face', 'model.vision_model.'],
      ['tower alone', 'vision_model.'],
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
      const embedding = { patchSize, hiddenSize, bias: true };
      const patches = patchEmbedding(g, pixels, patchEmbeddingName, embedding);
      const table = towerPositions(g, shape, 0, 'trained');
      const positions = bucketedPositions(g, table, patchGrid(inputs.pixels, shape));
      const embedded = add(g, patches, positions); // [B, N, D]
      return tower.outputs(g, embedded, towerLayers(g, shape), context);
    },
  },
});
