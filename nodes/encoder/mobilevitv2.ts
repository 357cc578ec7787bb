/** Apple's MobileViT V2: the same network with attention that costs one score a place. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { decimal, size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { mapToTokens } from '#engine/onnx/blocks/feature-map.ts';
import { globalAveragePool } from '#engine/onnx/blocks/pooling.ts';
import { fixedDim } from '#engine/onnx/value.ts';
import { secondFromConfig } from './sizes/mobilevit-config.ts';
import { patchSide } from './layers/mobilevit-layers.ts';
import { mobileVitV2Layouts } from './names/mobilevit-names.ts';
import {
  convolutionalStages,
  mobileStages,
  mobileStagesOf,
  mobileStagesProblem,
  wholeEights,
  type MobileStagesShape,
} from './layers/mobilevit-stages.ts';
import { separableBlock } from './layers/mobilevitv2-layers.ts';
import { stageFeatures, usedStagesOf, type StagedEncoder } from './staged/stage-features.ts';
import {
  featureStageParam,
  fiveStages,
  imageSizeParam,
  mapOrMeanParam,
  numbersOf,
  stageSizes,
  stagesParams,
  stagesShape,
} from './staged/stage-sizes.ts';
import { timmFromConfig } from './sizes/timm-config.ts';

interface MobileVitV2Shape extends MobileStagesShape {
  /** Channels of the tokens for each of the map. */
  readonly bottleneck: number;
  readonly feedForwardRatio: number;
}

/** Published by how wide they are. */
const scaled = (factor: number) => ({ label: factor.toFixed(2), factor });

function shapeOfFactor({ factor }: { readonly factor: number }): MobileVitV2Shape {
  const widths = [64, 128, 256, 384, 512].map((width) => Math.trunc(width * factor));
  return {
    imageSize: 256,
    stemWidth: Math.trunc(32 * factor),
    expansion: 2,
    ...stagesShape(widths, [1, 2, 2, 4, 3]),
    bottleneck: 0.5,
    feedForwardRatio: 2,
  };
}

const sizes = stageSizes(
  {
    '050': scaled(0.5),
    '075': scaled(0.75),
    '100': scaled(1),
    '125': scaled(1.25),
    '150': scaled(1.5),
    '175': scaled(1.75),
    '200': scaled(2),
  },
  '100',
  shapeOfFactor,
  (shape) => numbersOf('depth', fiveStages, shape),
);

/** What timm calls them. */
const architectures = {
  mobilevitv2_050: '050',
  mobilevitv2_075: '075',
  mobilevitv2_100: '100',
  mobilevitv2_125: '125',
  mobilevitv2_150: '150',
  mobilevitv2_175: '175',
  mobilevitv2_200: '200',
};

const params = {
  model: sizes.param,
  featureStage: featureStageParam,
  select: mapOrMeanParam,
  imageSize: imageSizeParam(256),
  stemWidth: size('Stem width', 'Channels behind the first convolution.', 32, 16_384),
  expansion: decimal(
    'Expansion',
    'Channels inside an inverted residual for each that comes in.',
    2,
    0.1,
    64,
  ),
  ...stagesParams([64, 128, 256, 384, 512], [1, 2, 2, 4, 3]),
  bottleneck: decimal('Bottleneck', 'Channels of the tokens for each of the map.', 0.5, 0.01, 16),
  feedForwardRatio: decimal(
    'Feed-forward ratio',
    'Channels inside a feed-forward for each outside.',
    2,
    0.1,
    64,
  ),
  ...weightParams,
} as const;

type MobileVitV2Params = ParamValues<typeof params>;

const encoderOf = (values: MobileVitV2Params): StagedEncoder => ({
  title: 'MobileViT V2',
  channels: mobileStagesOf(sizes.shapeOf(values)).map(({ width }) => width),
  firstStride: 2,
  rest: 'kept',
  patches: { from: convolutionalStages, side: patchSide },
  featureStage: values.select === 'patches' ? values.featureStage : -1,
  imageSize: sizes.shapeOf(values).imageSize,
});

export const mobileVitV2 = defineNode({
  type: 'encoder/mobilevitv2',
  version: 1,
  family: 'encoder',
  title: 'MobileViT V2',
  about:
    'MobileViT without the comparison of every place with every other: each place has one score, a softmax over them weighs ' +
    'all places into a single context, and every place takes from it what its own value lets through. The cost grows with ' +
    'the number of places alone, and phones need no matrix product between tokens.',
  references: [
    {
      title: 'Separable Self-attention for Mobile Vision Transformers',
      url: 'https://arxiv.org/abs/2206.02680',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig: (files) =>
    timmFromConfig(files, 'MobileViT V2', architectures, () => {
      const found = secondFromConfig(files);
      if (!found.ok) return found;
      const { width_multiplier: factor, image_size: imageSize } = found.value;
      const { imageSize: _usual, ...figures } = shapeOfFactor({ factor });
      const chosen = sizes.paramsFor(figures);
      return ok({
        params: { ...chosen, ...(chosen['model'] === 'custom' && { imageSize }) },
        took: ['MobileViT V2', `width ${factor}`],
        file: 'config.json',
      });
    }),
  keyLayouts(values) {
    const encoder = encoderOf(values);
    return mobileVitV2Layouts({
      stageCount: encoder.channels.length,
      usedStages: usedStagesOf(encoder),
    });
  },
  demand: ({ params: values }) => sizes.demand(values),
  infer({ params: values, inputs }) {
    const problem = mobileStagesProblem('MobileViT V2', sizes.shapeOf(values));
    if (problem) return fail(problem);
    const features = stageFeatures(encoderOf(values), inputs.pixels);
    if (!features.ok) return features;
    const { patches, single } = features.value;
    const tokens = { patches, pooled: single }[values.select];
    return ok({ outputs: { tokens }, found: features.value });
  },
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    emit(g, { pixels }, { params: values, found }) {
      const shape = sizes.shapeOf(values);
      const { bottleneck, feedForwardRatio } = shape;
      const stages = mobileStagesOf(shape);
      const map = mobileStages(g, pixels, shape, found.usedStages, (inner, name, stage) =>
        separableBlock(g, inner, name, {
          hiddenSize: wholeEights(fixedDim(inner, 1) * bottleneck),
          layerCount: stages[stage]?.depth ?? 0,
          feedForwardRatio,
        }),
      ); // [B, D, rows, columns]
      return {
        tokens: mapToTokens(g, values.select === 'pooled' ? globalAveragePool(g, map) : map),
      };
    },
  },
});
