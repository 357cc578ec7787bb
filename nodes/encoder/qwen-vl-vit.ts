/** The eyes of Qwen-VL and Monkey: OpenCLIP's ViT-bigG, trained on without its class token. */
import { ok } from '#engine/contract/outcome.ts';
import { size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { qwenVlEmbedding, qwenVlLayers, type QwenVlShape } from './layers/qwen-vl-layers.ts';
import { qwenVlLayouts } from './names/qwen-vl-names.ts';
import { exactQwenVl, qwenVlFromConfig } from './sizes/qwen-vl-config.ts';
import { encoderSocket } from './tower/encoder-parts.ts';
import { describeTower } from './tower/tower-config.ts';
import { levelsOutput, levelsParam } from './tower/tower-levels.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { layerNormOf, transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  featureLayerParam,
  normEpsilonParam,
  shapeOfSize,
  transformerParams,
} from './tower/vision-transformer-params.ts';

const sizes = towerSizes(
  {
    'vit-bigg14-448': { label: 'ViT-bigG/14, 448 px', size: [448, 14, 1664, 48, 16, 8192] },
  },
  'vit-bigg14-448',
  ({ size: published }): QwenVlShape => ({
    ...shapeOfSize(published, exactQwenVl),
    positionSide: 16,
  }),
);

const params = {
  model: sizes.param,
  featureLayer: { ...featureLayerParam, default: -1 },
  ...levelsParam,
  ...transformerParams,
  positionSide: size('Positions a side', 'Of the square of learned positions.', 16, 512),
  activation: activationParam('gelu'),
  normEpsilon: normEpsilonParam(1e-6),
  ...weightParams,
} as const;

type QwenVlParams = ParamValues<typeof params>;

const tower = transformerTower<QwenVlParams, QwenVlShape>({
  title: "Qwen-VL's tower",
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 0,
  positions: () => 'interpolated',
  norm: layerNormOf,
  finalNorm: () => null,
  choices: { patches: { leaves: 'patches' } },
});

export const qwenVlVit = defineNode({
  type: 'encoder/qwen-vl-vit',
  version: 1,
  family: 'encoder',
  title: 'Qwen-VL ViT-bigG',
  about:
    'The largest of the openly trained CLIPs, with which Qwen-VL and Monkey see: 48 layers of 1664 channels, 1.8 billion ' +
    'parameters, more than many of the language models here. It has no class token and no norm at its end; its positions, ' +
    'trained on 16 × 16 patches, are stretched over the 32 × 32 of a picture of 448 pixels. The resampler behind it makes ' +
    '256 tokens of the 1024.',
  references: [
    {
      title:
        'Qwen-VL: A Versatile Vision-Language Model for Understanding, Localization, Text Reading, and Beyond',
      url: 'https://arxiv.org/abs/2308.12966',
    },
    {
      title: 'Reproducible scaling laws for contrastive language-image learning',
      url: 'https://arxiv.org/abs/2212.07143',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' }, ...encoderSocket },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' }, ...levelsOutput },
  fromConfig(files) {
    const found = qwenVlFromConfig(files, ['qwen', 'monkey']);
    if (!found.ok) return found;
    const { title, shape } = found.value;
    return ok({
      params: { ...sizes.paramsFor({ ...shape }), featureLayer: -1 },
      took: [title, ...describeTower(shape)],
      file: 'config.json',
    });
  },
  keyLayouts: (values) => qwenVlLayouts(tower.extentOf(values)),
  demand: tower.demand,
  infer: tower.infer,
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    dims: tower.dims,
    emit(g, { pixels }, context) {
      const shape = sizes.shapeOf(context.params);
      const normed = qwenVlEmbedding(g, pixels, shape, patchGrid(context.inputs.pixels, shape));
      return tower.outputs(g, normed, qwenVlLayers(g, shape), context);
    },
  },
});
