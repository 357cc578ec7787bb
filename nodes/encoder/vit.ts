/** The plain vision transformer, as it was first published. */
import { ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import type { Grid } from '#engine/node/wire.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { patchEmbedding, patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { learnedPositions, positionedTokens } from '#engine/onnx/blocks/position-table.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import {
  describeTower,
  featureParams,
  towerFromConfig,
  type TowerConfig,
} from './tower/tower-config.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { levelsOutput, levelsParam } from './tower/tower-levels.ts';
import { layerNormOf, transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  normedFeatureLayerParam,
  normEpsilonParam,
  pixelsDemand,
  positionsParam,
  shapeOfSize,
  transformerParams,
} from './tower/vision-transformer-params.ts';
import { vitLayers } from './layers/vit-layers.ts';
import { vitLayouts } from './names/vit-names.ts';

const sizes = towerSizes(
  {
    'ti16-224': { label: 'Ti/16, 224 px', size: [224, 16, 192, 12, 3, 768] },
    's16-224': { label: 'S/16, 224 px', size: [224, 16, 384, 12, 6, 1536] },
    'b16-224': { label: 'B/16, 224 px', size: [224, 16, 768, 12, 12, 3072] },
    'b16-384': { label: 'B/16, 384 px', size: [384, 16, 768, 12, 12, 3072] },
    'b32-384': { label: 'B/32, 384 px', size: [384, 32, 768, 12, 12, 3072] },
    'l16-224': { label: 'L/16, 224 px', size: [224, 16, 1024, 24, 16, 4096] },
    'l16-384': { label: 'L/16, 384 px', size: [384, 16, 1024, 24, 16, 4096] },
    'h14-224': { label: 'H/14, 224 px', size: [224, 14, 1280, 32, 16, 5120] },
  },
  'b16-224',
  (row) => ({
    ...shapeOfSize(row.size, { activation: 'gelu', normEpsilon: 1e-12 }),
    imageWidth: 0,
  }),
);

const params = {
  model: sizes.param,
  featureLayer: normedFeatureLayerParam,
  ...levelsParam,
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the encoder.',
    default: 'patches',
    options: [
      { value: 'patches', label: 'Patches' },
      { value: 'all', label: 'Class token and patches' },
      { value: 'class', label: 'Class token', about: 'Of the last layer, after the final norm.' },
      {
        value: 'pooled',
        label: 'Pooled',
        about: 'The class token through one more linear and tanh, as the library gives it.',
      },
    ],
  },
  positions: positionsParam,
  ...transformerParams,
  imageWidth: {
    ...size(
      'Image width',
      'Width of the picture that it was trained on, where the image size is its height only; 0 for a square.',
      0,
      4096,
      'px',
    ),
    min: 0,
  },
  activation: activationParam('gelu'),
  normEpsilon: normEpsilonParam(1e-12),
  ...weightParams,
} as const;

type VitParams = ParamValues<typeof params>;

/** The picture that the positions were trained on. */
function trainedPicture(values: VitParams): { readonly height: number; readonly width: number } {
  const { imageSize, imageWidth: width } = sizes.shapeOf(values);
  return { height: imageSize, width: width === 0 ? imageSize : width };
}

const trainedGridOf = (values: VitParams): Grid =>
  patchGrid(trainedPicture(values), sizes.shapeOf(values));

const libraryConfig: TowerConfig = {
  title: 'ViT',
  modelTypes: ['vit'],
  defaults: {
    image_size: 224,
    patch_size: 16,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    intermediate_size: 3072,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-12,
  },
};

const tower = transformerTower<VitParams, ReturnType<typeof sizes.shapeOf>>({
  title: 'ViT',
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 1,
  // A trained picture need not be square here: the node compares it by itself.
  positions: () => 'interpolated',
  norm: layerNormOf,
  finalNorm: () => ({ name: 'layernorm', of: 'tokens' }),
  choices: {
    patches: { leaves: 'patches' },
    all: { leaves: 'all' },
    class: { leaves: 'single' },
    pooled: {
      leaves: 'single',
      finish(g, first, { hiddenSize }) {
        const square = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
        const pooled = linear(g, first, 'pooler.dense', square); // [B, 1, D]
        return g.op('Tanh', [pooled], pooled);
      },
    },
  },
  check(values, _, { height, width }) {
    const trained = trainedPicture(values);
    const { patchSize } = sizes.shapeOf(values);
    if (trained.width < patchSize) {
      const message = `A picture ${trained.width} pixels wide holds no patch of ${patchSize} px; choose a larger width, or 0 for a square.`;
      return error('arrangement-unsupported', message, { param: 'imageWidth' });
    }
    const isTrained = height === trained.height && width === trained.width;
    if (isTrained || values.positions !== 'trained') return null;
    const message =
      `ViT sees ${trained.width} × ${trained.height} pixels, it is given ${width} × ${height}; ` +
      `set the preprocessing's size to that, or let positions be interpolated.`;
    return error('dimension-mismatch', message, { port: 'pixels' });
  },
});

export const vit = defineNode({
  type: 'encoder/vit',
  version: 1,
  family: 'encoder',
  title: 'ViT',
  about:
    'The plain vision transformer: a picture is cut into square patches, each becomes a token, and a stack of identical ' +
    'blocks lets every token look at all others. It was trained to name what a picture shows, by one extra class token. ' +
    'Most encoders of multimodal models are built the same with other training, so it is the one to try parts on.',
  references: [
    {
      title: 'An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale',
      url: 'https://arxiv.org/abs/2010.11929',
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
      params: { ...sizes.paramsFor({ ...shape }), ...featureParams(features) },
      took: ['ViT', ...describeTower(shape)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) => vitLayouts(tower.extentOf(values)),
  demand({ params: values }) {
    const { height, width } = trainedPicture(values);
    // Only squares can be asked for.
    return height === width ? pixelsDemand(sizes.shapeOf(values), values.positions) : {};
  },
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
        trained: trainedGridOf(values),
        kernel: 'bicubic',
        antialias: values.positions === 'antialiased',
      });
      const learned = [{ of: classToken, count: 1 }];
      const grid = patchGrid(inputs.pixels, shape);
      const embedded = positionedTokens(g, patches, learned, positions, grid); // [B, 1 + N, D]
      return tower.outputs(g, embedded, vitLayers(g, shape), context);
    },
  },
});
