/** Apple's MobileViT: convolutions with a small transformer inside each of the later stages. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { decimal, size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { mapToTokens } from '#engine/onnx/blocks/feature-map.ts';
import { globalAveragePool } from '#engine/onnx/blocks/pooling.ts';
import { fixedDim } from '#engine/onnx/value.ts';
import { firstFromConfig } from './sizes/mobilevit-config.ts';
import { mobileVitBlock } from './layers/mobilevit-layers.ts';
import { mobileVitLayouts } from './names/mobilevit-names.ts';
import {
  convolutionalStages,
  mobileStages,
  mobileStagesOf,
  mobileStagesProblem,
  normedLayer,
  type MobileStagesShape,
} from './layers/mobilevit-stages.ts';
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

interface MobileVitShape extends MobileStagesShape {
  /** Channels of the tokens in the stages with a transformer. */
  readonly tokenWidth3: number;
  readonly tokenWidth4: number;
  readonly tokenWidth5: number;
  readonly headCount: number;
  readonly feedForwardRatio: number;
  /** Channels of the last map. */
  readonly finalWidth: number;
}

interface PublishedMobileVit {
  readonly label: string;
  readonly widths: readonly number[];
  readonly depths: readonly number[];
  readonly tokenWidths: readonly [number, number, number];
  readonly expansion: number;
  readonly finalWidth: number;
}

const depths = [1, 3, 2, 4, 3];

const sizes = stageSizes(
  {
    xxs: {
      label: 'XXS',
      widths: [16, 24, 48, 64, 80],
      depths,
      tokenWidths: [64, 80, 96],
      expansion: 2,
      finalWidth: 320,
    },
    xs: {
      label: 'XS',
      widths: [32, 48, 64, 80, 96],
      depths,
      tokenWidths: [96, 120, 144],
      expansion: 4,
      finalWidth: 384,
    },
    s: {
      label: 'S',
      widths: [32, 64, 96, 128, 160],
      depths,
      tokenWidths: [144, 192, 240],
      expansion: 4,
      finalWidth: 640,
    },
  },
  's',
  (row: PublishedMobileVit): MobileVitShape => ({
    imageSize: 256,
    stemWidth: 16,
    expansion: row.expansion,
    ...stagesShape(row.widths, row.depths),
    tokenWidth3: row.tokenWidths[0],
    tokenWidth4: row.tokenWidths[1],
    tokenWidth5: row.tokenWidths[2],
    headCount: 4,
    feedForwardRatio: 2,
    finalWidth: row.finalWidth,
  }),
  (shape) => numbersOf('depth', fiveStages, shape),
);

/** What timm calls them. */
const architectures = { mobilevit_xxs: 'xxs', mobilevit_xs: 'xs', mobilevit_s: 's' };

const tokenWidth = (stage: number, standard: number) =>
  size(
    `Token width ${stage}`,
    `Channels of the tokens in the transformer of stage ${stage}.`,
    standard,
    16_384,
  );

const params = {
  model: sizes.param,
  featureStage: {
    ...featureStageParam,
    help: "Which stage's map is taken: −1 is the last behind the convolution that widens it, −2 the stage before it, with four times as many tokens.",
  },
  select: mapOrMeanParam,
  imageSize: imageSizeParam(256),
  stemWidth: size('Stem width', 'Channels behind the first convolution.', 16, 16_384),
  expansion: decimal(
    'Expansion',
    'Channels inside an inverted residual for each that comes in.',
    2,
    0.1,
    64,
  ),
  ...stagesParams([16, 24, 48, 64, 80], depths),
  tokenWidth3: tokenWidth(3, 64),
  tokenWidth4: tokenWidth(4, 80),
  tokenWidth5: tokenWidth(5, 96),
  headCount: size('Heads', 'Heads of attention.', 4, 1024),
  feedForwardRatio: decimal(
    'Feed-forward ratio',
    'Channels inside a feed-forward for each outside.',
    2,
    0.1,
    64,
  ),
  finalWidth: size('Final width', 'Channels of the last map.', 320, 65_536),
  ...weightParams,
} as const;

type MobileVitParams = ParamValues<typeof params>;

const tokenWidthsOf = ({ tokenWidth3, tokenWidth4, tokenWidth5 }: MobileVitShape) => [
  ...Array.from({ length: convolutionalStages }, () => 0),
  tokenWidth3,
  tokenWidth4,
  tokenWidth5,
];

function encoderOf(values: MobileVitParams): StagedEncoder {
  const shape = sizes.shapeOf(values);
  const widths = mobileStagesOf(shape).map(({ width }) => width);
  return {
    title: 'MobileViT',
    channels: [...widths.slice(0, -1), shape.finalWidth],
    firstStride: 2,
    rest: 'kept',
    featureStage: values.select === 'patches' ? values.featureStage : -1,
    imageSize: shape.imageSize,
  };
}

function headsProblem(shape: MobileVitShape): Problem | null {
  const { headCount } = shape;
  const index = tokenWidthsOf(shape).findIndex((width) => width % headCount !== 0);
  if (index < 0) return null;
  const message = `The tokens of stage ${index + 1} do not divide into ${headCount} heads; choose a number of heads that divides their channels.`;
  return error('arrangement-unsupported', message, { param: 'headCount' });
}

export const mobileVit = defineNode({
  type: 'encoder/mobilevit',
  version: 1,
  family: 'encoder',
  title: 'MobileViT',
  about:
    'A convolutional network for phones that borrows the one thing convolutions lack: in its later stages a small transformer ' +
    'lets each place see the whole map. Places are compared only with those at the same corner of the other 2 × 2 patches, ' +
    'which is enough, as convolutions have told each place about its neighbours.',
  references: [
    {
      title: 'MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision Transformer',
      url: 'https://arxiv.org/abs/2110.02178',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig: (files) =>
    timmFromConfig(files, 'MobileViT', architectures, () => {
      const found = firstFromConfig(files);
      if (!found.ok) return found;
      const { neck_hidden_sizes: neck, hidden_sizes: tokens, image_size: imageSize } = found.value;
      const [stemWidth = 0, ...rest] = neck;
      const [tokenWidth3 = 0, tokenWidth4 = 0, tokenWidth5 = 0] = tokens;
      const figures = {
        stemWidth,
        ...stagesShape(rest.slice(0, -1), depths),
        finalWidth: rest.at(-1) ?? 0,
        tokenWidth3,
        tokenWidth4,
        tokenWidth5,
        headCount: found.value.num_attention_heads,
        feedForwardRatio: found.value.mlp_ratio,
        expansion: found.value.expand_ratio,
      };
      const chosen = sizes.paramsFor(figures);
      return ok({
        params: { ...chosen, ...(chosen['model'] === 'custom' && { imageSize }) },
        took: ['MobileViT', `${imageSize} px`],
        file: 'config.json',
      });
    }),
  keyLayouts(values) {
    const encoder = encoderOf(values);
    return mobileVitLayouts({
      stageCount: encoder.channels.length,
      usedStages: usedStagesOf(encoder),
      hiddenSizes: tokenWidthsOf(sizes.shapeOf(values)),
    });
  },
  demand: ({ params: values }) => sizes.demand(values),
  infer({ params: values, inputs }) {
    const shape = sizes.shapeOf(values);
    const problem = mobileStagesProblem('MobileViT', shape) ?? headsProblem(shape);
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
    emit(g, { pixels }, { params: values, found: { usedStages } }) {
      const shape = sizes.shapeOf(values);
      const widths = tokenWidthsOf(shape);
      const stages = mobileStagesOf(shape);
      const map = mobileStages(g, pixels, shape, usedStages, (inner, name, stage) =>
        mobileVitBlock(g, inner, name, {
          ...shape,
          hiddenSize: widths[stage] ?? 0,
          layerCount: stages[stage]?.depth ?? 0,
        }),
      ); // [B, D, rows, columns]
      if (usedStages < stages.length) return { tokens: mapToTokens(g, map) };
      const across = { inputs: fixedDim(map, 1), outputs: shape.finalWidth, kernel: 1 };
      const final = normedLayer(g, map, 'final_conv', across, true);
      return {
        tokens: mapToTokens(g, values.select === 'pooled' ? globalAveragePool(g, final) : final),
      };
    },
  },
});
