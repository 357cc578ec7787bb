/** Google's SigLIP image tower. */
import { ok } from '#engine/contract/outcome.ts';
import { modelParam } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { attentionPooling } from '#engine/onnx/blocks/attention-pooling.ts';
import { norm, type Norm } from '#engine/onnx/blocks/norm.ts';
import { patchEmbedding, patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { positionedTokens } from '#engine/onnx/blocks/position-table.ts';
import { transformerLayers } from '#engine/onnx/blocks/vision-transformer.ts';
import { publishedOrCustom, unsupported } from '../config/published-config.ts';
import { describeTower, towerFromConfig, type TowerConfig } from './tower-config.ts';
import {
  checkEncoderParts,
  encoderHooks,
  encoderSocket,
  withEncoderParts,
  type EncoderHost,
} from './encoder-parts.ts';
import { visionTowerLayouts } from './tower-names.ts';
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
import { patchEmbeddingName, towerLayers, towerPositions } from './vision-tower.ts';

const published = {
  'so400m-p14-384': { label: 'so400m/14, 384 px', size: [384, 14, 1152, 27, 16, 4304] },
  'so400m-p14-224': { label: 'so400m/14, 224 px', size: [224, 14, 1152, 27, 16, 4304] },
  'large-p16-384': { label: 'large/16, 384 px', size: [384, 16, 1024, 24, 16, 4096] },
  'base-p16-512': { label: 'base/16, 512 px', size: [512, 16, 768, 12, 12, 3072] },
  'base-p16-384': { label: 'base/16, 384 px', size: [384, 16, 768, 12, 12, 3072] },
  'base-p16-224': { label: 'base/16, 224 px', size: [224, 16, 768, 12, 12, 3072] },
} as const satisfies Record<string, { label: string; size: PublishedSize }>;

const publishedNames = Object.keys(published) as (keyof typeof published)[];

const params = {
  model: modelParam(published, 'so400m-p14-384'),
  featureLayer: {
    ...featureLayerParam,
    help: "Which layer's output is taken: −1 is the last with its final norm, −2 the one before it, without.",
  },
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

const shapeOfPublished = (name: keyof typeof published): VisionTransformerShape =>
  shapeOfSize(published[name].size, { activation: 'gelu-tanh', normEpsilon: 1e-6 });

function shapeOf(values: SiglipParams): VisionTransformerShape {
  return values.model === 'custom' ? values : shapeOfPublished(values.model);
}

/** A row as the parameters of a custom model. */
const customParams = (name: keyof typeof published) => ({ ...shapeOfPublished(name) });

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

/** The head pools the last layer. */
const featureLayerOf = (values: SiglipParams): number =>
  values.select === 'pooled' ? -1 : values.featureLayer;

/** The encoder as its parts see it. */
function hostOf(values: SiglipParams, pixels: WireOf<'pixels'>): EncoderHost {
  const shape = shapeOf(values);
  const prefixTokens = 0;
  return {
    title: 'SigLIP',
    layerCount: shape.layerCount,
    usedLayers: blocksFor(shape, featureLayerOf(values)),
    tokens: gridTokens(shape, pixels, prefixTokens).count.tokens,
    prefixTokens,
  };
}

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
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig(files) {
    const found = towerFromConfig(files, libraryConfig);
    if (!found.ok) return found;
    const { shape, features } = found.value;
    if (features?.featureLayer === -1)
      return unsupported("Taking SigLIP's last layer without its final norm");
    if (features?.patchesOnly === true)
      return unsupported('Leaving out the first patch, as if it were a class token,');
    const taken = features && { featureLayer: features.featureLayer, select: 'patches' };
    return ok({
      params: { ...publishedOrCustom(publishedNames, customParams, { ...shape }), ...taken },
      took: ['SigLIP', ...describeTower(shape)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) => {
    const shape = shapeOf(values);
    return visionTowerLayouts({
      hiddenSize: shape.hiddenSize,
      layerCount: shape.layerCount,
      usedLayers: blocksFor(shape, featureLayerOf(values)),
      beside: [],
    });
  },
  demand: ({ params: values }) => pixelsDemand(shapeOf(values), values.positions),
  infer({ params: values, inputs }) {
    const shape = shapeOf(values);
    const pixels = inputs.pixels;
    const possible = transformerProblems(
      'SigLIP',
      shape,
      featureLayerOf(values),
      pixels,
      values.positions,
    );
    if (!possible.ok) return possible;
    const host = hostOf(values, pixels);
    const parts = checkEncoderParts(inputs.parts, host);
    if (!parts.ok) return parts;
    const patches = gridTokens(shape, pixels, 0);
    return ok({
      outputs: {
        tokens:
          values.select === 'pooled'
            ? { ...patches, count: knownCount(1), grid: null }
            : withEncoderParts(patches, parts.value, host),
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
      const blockNorm: Norm = { kind: 'layer', epsilon: shape.normEpsilon };
      const { patchSize, hiddenSize } = shape;
      const patches = patchEmbedding(g, pixels, patchEmbeddingName, {
        patchSize,
        hiddenSize,
        bias: true,
      });
      const grid = patchGrid(inputs.pixels, shape);
      const embedded = positionedTokens(
        g,
        patches,
        [],
        towerPositions(g, shape, 0, values.positions),
        grid,
      ); // [B, N, D]
      const hidden = transformerLayers(g, embedded, towerLayers(g, shape), {
        norm: blockNorm,
        count: blocksFor(shape, featureLayerOf(values)),
        queryKey: false,
        hooks: encoderHooks(g, parts, embedded, hostOf(values, inputs.pixels), shape),
      });
      if (featureLayerOf(values) !== -1) return { tokens: hidden };
      const final = norm(g, hidden, 'post_layernorm', blockNorm);
      return {
        tokens: values.select === 'pooled' ? attentionPooling(g, final, 'head', shape) : final,
      };
    },
  },
});
