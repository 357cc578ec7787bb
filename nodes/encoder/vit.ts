/** The plain vision transformer, as it was first published. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { modelParam, size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount, type Grid, type WireOf } from '#engine/node/wire.ts';
import { dropPrefix } from '#engine/onnx/blocks/feature-map.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { patchEmbedding, patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { learnedPositions, positionedTokens } from '#engine/onnx/blocks/position-table.ts';
import { transformerLayers } from '#engine/onnx/blocks/vision-transformer.ts';
import { slice } from '#engine/onnx/operators.ts';
import { publishedOrCustom } from '../config/published-config.ts';
import {
  checkEncoderParts,
  encoderHooks,
  encoderSocket,
  withEncoderParts,
  type EncoderHost,
} from './encoder-parts.ts';
import { describeTower, towerFromConfig, type TowerConfig } from './tower-config.ts';
import {
  activationParam,
  blocksFor,
  featureLayerParam,
  gridTokens,
  normEpsilonParam,
  pixelsDemand,
  positionsParam,
  shapeOfSize,
  transformerParams,
  transformerProblems,
  type PublishedSize,
  type VisionTransformerShape,
} from './vision-transformer-params.ts';
import { vitLayers } from './vit-layers.ts';
import { vitLayouts } from './vit-names.ts';

const published = {
  'ti16-224': { label: 'Ti/16, 224 px', size: [224, 16, 192, 12, 3, 768] },
  's16-224': { label: 'S/16, 224 px', size: [224, 16, 384, 12, 6, 1536] },
  'b16-224': { label: 'B/16, 224 px', size: [224, 16, 768, 12, 12, 3072] },
  'b16-384': { label: 'B/16, 384 px', size: [384, 16, 768, 12, 12, 3072] },
  'b32-384': { label: 'B/32, 384 px', size: [384, 32, 768, 12, 12, 3072] },
  'l16-224': { label: 'L/16, 224 px', size: [224, 16, 1024, 24, 16, 4096] },
  'l16-384': { label: 'L/16, 384 px', size: [384, 16, 1024, 24, 16, 4096] },
  'h14-224': { label: 'H/14, 224 px', size: [224, 14, 1280, 32, 16, 5120] },
} as const satisfies Record<string, { label: string; size: PublishedSize }>;

const publishedNames = Object.keys(published) as (keyof typeof published)[];

const params = {
  model: modelParam(published, 'b16-224'),
  featureLayer: {
    ...featureLayerParam,
    help: "Which layer's output is taken: −1 is the last with its final norm, −2 the one before it, without.",
  },
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

const shapeOfPublished = (name: keyof typeof published): VisionTransformerShape =>
  shapeOfSize(published[name].size, { activation: 'gelu', normEpsilon: 1e-12 });

const shapeOf = (values: VitParams): VisionTransformerShape =>
  values.model === 'custom' ? values : shapeOfPublished(values.model);

/** The picture that the positions were trained on. */
function trainedPicture(values: VitParams): { readonly height: number; readonly width: number } {
  const { imageSize } = shapeOf(values);
  const width = values.model === 'custom' ? values.imageWidth : 0;
  return { height: imageSize, width: width === 0 ? imageSize : width };
}

const trainedGridOf = (values: VitParams): Grid =>
  patchGrid(trainedPicture(values), shapeOf(values));

/** A single token is the last layer's. */
const isSingle = ({ select }: VitParams): boolean => select === 'class' || select === 'pooled';
const featureLayerOf = (values: VitParams): number => (isSingle(values) ? -1 : values.featureLayer);

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

/** The encoder as its parts see it. */
function hostOf(values: VitParams, pixels: WireOf<'pixels'>): EncoderHost {
  const shape = shapeOf(values);
  return {
    title: 'ViT',
    layerCount: shape.layerCount,
    usedLayers: blocksFor(shape, featureLayerOf(values)),
    tokens: gridTokens(shape, pixels, 1).count.tokens,
    prefixTokens: 1,
  };
}

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
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig(files) {
    const found = towerFromConfig(files, libraryConfig);
    if (!found.ok) return found;
    const { shape, features } = found.value;
    const taken = features && {
      featureLayer: features.featureLayer,
      select: features.patchesOnly ? 'patches' : 'all',
    };
    const customParams = (name: keyof typeof published) => ({ ...shapeOfPublished(name) });
    return ok({
      params: { ...publishedOrCustom(publishedNames, customParams, { ...shape }), ...taken },
      took: ['ViT', ...describeTower(shape)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) => {
    const shape = shapeOf(values);
    return vitLayouts({ ...shape, usedLayers: blocksFor(shape, featureLayerOf(values)) });
  },
  demand({ params: values }) {
    const { height, width } = trainedPicture(values);
    // Only squares can be asked for.
    return height === width ? pixelsDemand(shapeOf(values), values.positions) : {};
  },
  infer({ params: values, inputs }) {
    const shape = shapeOf(values);
    const { pixels } = inputs;
    const trained = trainedPicture(values);
    const isTrained = pixels.height === trained.height && pixels.width === trained.width;
    const layer = featureLayerOf(values);
    const possible = transformerProblems('ViT', shape, layer, pixels, 'interpolated');
    if (!possible.ok) return possible;
    if (!isTrained && values.positions === 'trained') {
      const message =
        `ViT sees ${trained.width} × ${trained.height} pixels, it is given ${pixels.width} × ${pixels.height}; ` +
        `set the preprocessing's size to that, or let positions be interpolated.`;
      return fail(error('dimension-mismatch', message, { port: 'pixels' }));
    }
    const host = hostOf(values, pixels);
    const parts = checkEncoderParts(inputs.parts, host);
    if (!parts.ok) return parts;
    const tokens = gridTokens(shape, pixels, values.select === 'all' ? 1 : 0);
    return ok({
      outputs: {
        tokens: isSingle(values)
          ? { ...tokens, count: knownCount(1), grid: null }
          : withEncoderParts(tokens, parts.value, host),
      },
      warnings: parts.value.warnings,
    });
  },
  summary: (values) => {
    const label =
      values.model === 'custom' ? `custom, ${values.imageSize} px` : published[values.model].label;
    return `${label} · layer ${values.featureLayer}`;
  },
  body: {
    kind: 'onnx',
    emit(g, { pixels }, { params: values, inputs, parts }) {
      const shape = shapeOf(values);
      const { hiddenSize, patchSize } = shape;
      const kind: Norm = { kind: 'layer', epsilon: shape.normEpsilon };
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
      const hidden = transformerLayers(g, embedded, vitLayers(g, shape), {
        norm: kind,
        count: blocksFor(shape, featureLayerOf(values)),
        queryKey: false,
        hooks: encoderHooks(g, parts, embedded, hostOf(values, inputs.pixels), shape),
      });
      const normed = (tokens: typeof hidden) =>
        featureLayerOf(values) === -1 ? norm(g, tokens, 'layernorm', kind) : tokens;
      const first = () => normed(slice(g, hidden, 1, g.list(0), g.list(1), 1)); // [B, 1, D]
      switch (values.select) {
        case 'all':
          return { tokens: normed(hidden) };
        case 'patches':
          return { tokens: normed(dropPrefix(g, hidden, 1)) };
        case 'class':
          return { tokens: first() };
        case 'pooled': {
          const square = { inputs: hiddenSize, outputs: hiddenSize, bias: true };
          const pooled = linear(g, first(), 'pooler.dense', square);
          return { tokens: g.op('Tanh', [pooled], pooled) };
        }
      }
    },
  },
});
