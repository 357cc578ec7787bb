/** MIT's EfficientViT: convolutions and attention without a softmax. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { choice, size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { mapToTokens } from '#engine/onnx/blocks/feature-map.ts';
import {
  classify,
  efficientVitStages,
  type EfficientVitShape,
} from './layers/efficientvit-layers.ts';
import { efficientVitLayouts } from './names/efficientvit-names.ts';
import { attentionStages, type Series } from './layers/efficientvit-plan.ts';
import { stageFeatures, usedStagesOf, type StagedEncoder } from './staged/stage-features.ts';
import {
  featureStageParam,
  fiveStages,
  imageSizeParam,
  numbersOf,
  stageSizes,
  stagesOf,
  stagesParams,
  stagesShape,
} from './staged/stage-sizes.ts';
import { timmFromConfig } from './sizes/timm-config.ts';

interface PublishedEfficientVit {
  readonly label: string;
  readonly series: Series;
  readonly widths: readonly number[];
  readonly depths: readonly number[];
  readonly headSize: number;
  readonly headWidths: readonly [number, number];
}

const small = (
  label: string,
  widths: readonly number[],
  depths: readonly number[],
  headSize: number,
  headWidths: readonly [number, number],
): PublishedEfficientVit => ({ label, series: 'b', widths, depths, headSize, headWidths });

const large = (
  label: string,
  widths: readonly number[],
  depths: readonly number[],
  headWidths: readonly [number, number],
): PublishedEfficientVit => ({ label, series: 'l', widths, depths, headSize: 32, headWidths });

const sizes = stageSizes(
  {
    b0: small('B0', [8, 16, 32, 64, 128], [1, 2, 2, 2, 2], 16, [1024, 1280]),
    b1: small('B1', [16, 32, 64, 128, 256], [1, 2, 3, 3, 4], 16, [1536, 1600]),
    b2: small('B2', [24, 48, 96, 192, 384], [1, 3, 4, 4, 6], 32, [2304, 2560]),
    b3: small('B3', [32, 64, 128, 256, 512], [1, 4, 6, 6, 9], 32, [2304, 2560]),
    l1: large('L1', [32, 64, 128, 256, 512], [1, 1, 1, 6, 6], [3072, 3200]),
    l2: large('L2', [32, 64, 128, 256, 512], [1, 2, 2, 8, 8], [3072, 3200]),
    l3: large('L3', [64, 128, 256, 512, 1024], [1, 2, 2, 8, 8], [6144, 6400]),
  },
  'b1',
  ({ series, widths, depths, headSize, headWidths }): EfficientVitShape => ({
    imageSize: 224,
    series,
    ...stagesShape(widths, depths),
    headSize,
    headWidth1: headWidths[0],
    headWidth2: headWidths[1],
    classCount: 1000,
  }),
  (shape) => numbersOf('depth', fiveStages, shape),
);

/** What timm calls them. */
const architectures = {
  efficientvit_b0: 'b0',
  efficientvit_b1: 'b1',
  efficientvit_b2: 'b2',
  efficientvit_b3: 'b3',
  efficientvit_l1: 'l1',
  efficientvit_l2: 'l2',
  efficientvit_l3: 'l3',
};

const params = {
  model: sizes.param,
  featureStage: featureStageParam,
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the encoder.',
    default: 'patches',
    options: [
      { value: 'patches', label: 'Map' },
      { value: 'classes', label: 'Scores of classes', about: 'One token from the classifier.' },
    ],
  },
  imageSize: imageSizeParam(224),
  series: choice('Series', 'Which blocks it is made of.', 'b', [
    { value: 'b', label: 'B', about: 'Depthwise convolutions and hard swish, for phones.' },
    { value: 'l', label: 'L', about: 'Whole convolutions in early stages and GELU, for GPUs.' },
  ]),
  ...stagesParams([8, 16, 32, 64, 128], [1, 2, 2, 2, 2]),
  headSize: size('Head size', 'Channels of one head of attention.', 16, 1024),
  headWidth1: size(
    'Classifier width',
    'Channels of the map before its mean is taken.',
    1024,
    65_536,
  ),
  headWidth2: size('Classifier inner width', 'Channels between the two linears.', 1280, 65_536),
  classCount: size('Classes', 'Scores that the classifier gives.', 1000, 65_536),
  ...weightParams,
} as const;

type EfficientVitParams = ParamValues<typeof params>;

function encoderOf(values: EfficientVitParams): StagedEncoder {
  const shape = sizes.shapeOf(values);
  return {
    title: 'EfficientViT',
    channels: stagesOf(shape).map(({ width }) => width),
    firstStride: 2,
    rest: 'kept',
    featureStage: values.select === 'patches' ? values.featureStage : -1,
    imageSize: shape.imageSize,
  };
}

function headsProblem(shape: EfficientVitShape): Problem | null {
  const stages = stagesOf(shape);
  const firstAttending = stages.length - attentionStages[shape.series];
  const index = stages.findIndex(
    ({ width }, place) => place >= firstAttending && width % shape.headSize !== 0,
  );
  if (index < 0) return null;
  const message = `Heads have ${shape.headSize} channels; choose a width of stage ${index + 1} that is a multiple of them, or another head size.`;
  return error('arrangement-unsupported', message, { param: 'headSize' });
}

export const efficientVit = defineNode({
  type: 'encoder/efficientvit',
  version: 1,
  family: 'encoder',
  title: 'EfficientViT (MIT)',
  about:
    'Attention that never compares every place with every other: with ReLU in place of softmax, keys and values are summed ' +
    'up once and each query reads the sum, so the cost grows with the number of places and large pictures stay affordable. ' +
    'What is lost in sharpness, small convolutions around it give back.',
  references: [
    {
      title: 'EfficientViT: Multi-Scale Linear Attention for High-Resolution Dense Prediction',
      url: 'https://arxiv.org/abs/2205.14756',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig: (files) => timmFromConfig(files, 'EfficientViT of MIT', architectures),
  keyLayouts(values) {
    const encoder = encoderOf(values);
    const extent = { stageCount: encoder.channels.length, usedStages: usedStagesOf(encoder) };
    return efficientVitLayouts(extent);
  },
  demand: ({ params: values }) => sizes.demand(values),
  infer({ params: values, inputs }) {
    const shape = sizes.shapeOf(values);
    const problem = headsProblem(shape);
    if (problem) return fail(problem);
    const features = stageFeatures(encoderOf(values), inputs.pixels);
    if (!features.ok) return features;
    const { patches, single } = features.value;
    const classes = { ...single, channels: shape.classCount };
    return ok({ outputs: { tokens: { patches, classes }[values.select] }, found: features.value });
  },
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    emit(g, { pixels }, { params: values, found }) {
      const shape = sizes.shapeOf(values);
      const map = efficientVitStages(g, pixels, shape, found.usedStages); // [B, D, rows, columns]
      return {
        tokens: values.select === 'classes' ? classify(g, map, shape) : mapToTokens(g, map),
      };
    },
  },
});
