/** SAM's tower with a map as small as another encoder's, so that both can be joined place by place: DeepSeek-VL, Vary. */
import { ok } from '#engine/contract/outcome.ts';
import { flag, size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { knownCount } from '#engine/node/wire.ts';
import { mapToTokens } from '#engine/onnx/blocks/feature-map.ts';
import { patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { layerOutputs } from '#engine/onnx/blocks/vision-transformer.ts';
import type { Value } from '#engine/onnx/value.ts';
import { configFile, foreign, modelTypeOf, partOf } from '../config/published-config.ts';
import {
  downsampledMap,
  downsampledSide,
  type DownsampledShape,
} from './layers/sam-downsampling.ts';
import { samEmbedding, samLayers } from './layers/sam-vit-layers.ts';
import { samDownsampledLayouts } from './names/sam-downsampled-names.ts';
import { samParams } from './sizes/sam-params.ts';
import { towerSizes } from './tower/tower-sizes.ts';
import { layerNormOf, transformerTower } from './tower/transformer-tower.ts';
import {
  activationParam,
  normEpsilonParam,
  shapeOfSize,
  transformerParams,
} from './tower/vision-transformer-params.ts';

const base = [1024, 16, 768, 12, 12, 3072] as const;

const sizes = towerSizes(
  {
    'deepseek-vl': {
      label: 'B, DeepSeek-VL 7B: 24 × 24',
      size: base,
      stretchedSide: 96,
      addsEarly: true,
    },
    vary: {
      label: 'B, Vary and GOT-OCR: 16 × 16',
      size: base,
      stretchedSide: 64,
      addsEarly: false,
    },
  },
  'deepseek-vl',
  ({ size: published, stretchedSide, addsEarly }): DownsampledShape => ({
    ...shapeOfSize(published, { activation: 'gelu', normEpsilon: 1e-6 }),
    windowSize: 14,
    globalEvery: 3,
    outputSize: 256,
    stretchedSide,
    addsEarly,
  }),
);

const params = {
  model: sizes.param,
  ...transformerParams,
  ...samParams,
  stretchedSide: size(
    'Stretched side',
    'Places along a side that the map is brought to before it is halved twice.',
    96,
    1024,
  ),
  addsEarly: flag(
    'Early features',
    'What the first layer that looks at all has seen is added, by a learned share.',
    true,
  ),
  activation: activationParam('gelu'),
  normEpsilon: normEpsilonParam(1e-6),
  ...weightParams,
} as const;

type DownsampledParams = ParamValues<typeof params> & { readonly featureLayer: number };

const tower = transformerTower<DownsampledParams, DownsampledShape>({
  title: "SAM's tower",
  shapeOf: sizes.shapeOf,
  prefixTokens: () => 0,
  positions: () => 'trained',
  norm: layerNormOf,
  finalNorm: () => null,
  choices: {
    patches: {
      leaves: 'patches',
      last: true,
      wire(tokens, shape) {
        const side = downsampledSide(shape);
        const grid = { rows: side, columns: side };
        return { ...tokens, channels: 4 * shape.outputSize, count: knownCount(side ** 2), grid };
      },
    },
  },
});

/** Always the last layer, and the first that looks at all. */
const last = { featureLayer: -1 } as const;

export const samDownsampled = defineNode({
  type: 'encoder/sam-downsampled',
  version: 1,
  family: 'encoder',
  title: 'SAM ViT, downsampled',
  about:
    'The image tower of Segment Anything looks at 1024 pixels a side and keeps fine print, but its 4096 places are too many ' +
    'for a language model. Two convolutions that halve the map leave as many as an encoder of 384 pixels gives, so that ' +
    'DeepSeek-VL can lay what SAM sees of a place beside what SigLIP knows of it, for no more tokens. It costs as much as a few ' +
    'passes through the smaller encoder.',
  references: [
    {
      title: 'DeepSeek-VL: Towards Real-World Vision-Language Understanding',
      url: 'https://arxiv.org/abs/2403.05525',
    },
    {
      title: 'Vary: Scaling up the Vision Vocabulary for Large Vision-Language Models',
      url: 'https://arxiv.org/abs/2312.06109',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig(files) {
    const file = configFile(files, 'config.json');
    if (!file.ok) return file;
    const isHybrid =
      modelTypeOf(file.value) === 'deepseek_vl_hybrid' ||
      partOf(file.value, ['vision_config'])?.['cls'] === 'HybridVisionTower';
    if (!isHybrid) return foreign('config.json describes no DeepSeek-VL with two encoders.');
    const took = ["SAM's tower of DeepSeek-VL 7B"];
    return ok({ params: { model: 'deepseek-vl' }, took, file: 'config.json' });
  },
  keyLayouts: () => samDownsampledLayouts,
  demand: ({ params: values }) => tower.demand({ params: { ...values, ...last } }),
  infer: ({ params: values, ...rest }) => tower.infer({ ...rest, params: { ...values, ...last } }),
  layers: (values) => sizes.shapeOf(values).layerCount,
  summary: ({ model, imageSize }) => sizes.labelOf(model) ?? `custom, ${imageSize} px`,
  body: {
    kind: 'onnx',
    emit(g, { pixels }, { params: values, inputs }) {
      const shape = sizes.shapeOf(values);
      const grid = patchGrid(inputs.pixels, shape);
      const embedded = samEmbedding(g, pixels, shape, 'trained', grid); // [B, N, D]
      const [early, whole] = layerOutputs(g, embedded, samLayers(g, shape, grid), {
        norm: layerNormOf(shape),
        counts: [Math.min(shape.globalEvery, shape.layerCount), shape.layerCount],
        queryKey: false,
      }) as [Value, Value];
      return { tokens: mapToTokens(g, downsampledMap(g, { early, last: whole }, shape, grid)) };
    },
  },
});
