/** Microsoft's EfficientViT: a vision transformer that moves little memory. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { mapToTokens } from '#engine/onnx/blocks/feature-map.ts';
import { globalAveragePool } from '#engine/onnx/blocks/pooling.ts';
import {
  firstStride,
  mostHeads,
  msraStages,
  type MsraShape,
} from './layers/efficientvit-msra-layers.ts';
import { msraLayouts } from './names/efficientvit-msra-names.ts';
import { stageFeatures, usedStagesOf, type StagedEncoder } from './staged/stage-features.ts';
import {
  featureStageParam,
  numbersOf,
  perStage,
  stageSizes,
  threeStages,
} from './staged/stage-sizes.ts';
import { timmFromConfig } from './sizes/timm-config.ts';

interface PublishedMsra {
  readonly label: string;
  readonly widths: readonly number[];
  readonly depths: readonly number[];
  readonly heads: readonly number[];
  readonly kernels: readonly number[];
}

const alike = [5, 5, 5, 5];
const falling = [7, 5, 3, 3];

const sizes = stageSizes(
  {
    m0: {
      label: 'M0',
      widths: [64, 128, 192],
      depths: [1, 2, 3],
      heads: [4, 4, 4],
      kernels: alike,
    },
    m1: {
      label: 'M1',
      widths: [128, 144, 192],
      depths: [1, 2, 3],
      heads: [2, 3, 3],
      kernels: falling,
    },
    m2: {
      label: 'M2',
      widths: [128, 192, 224],
      depths: [1, 2, 3],
      heads: [4, 3, 2],
      kernels: falling,
    },
    m3: {
      label: 'M3',
      widths: [128, 240, 320],
      depths: [1, 2, 3],
      heads: [4, 3, 4],
      kernels: alike,
    },
    m4: {
      label: 'M4',
      widths: [128, 256, 384],
      depths: [1, 2, 3],
      heads: [4, 4, 4],
      kernels: falling,
    },
    m5: {
      label: 'M5',
      widths: [192, 288, 384],
      depths: [1, 3, 4],
      heads: [3, 3, 4],
      kernels: falling,
    },
  } satisfies Record<string, PublishedMsra>,
  'm5',
  ({ widths, depths, heads, kernels }: PublishedMsra): MsraShape => ({
    imageSize: 224,
    keySize: 16,
    window: 7,
    ...perStage('width', threeStages, (index) => widths[index] ?? 0),
    ...perStage('depth', threeStages, (index) => depths[index] ?? 0),
    ...perStage('heads', threeStages, (index) => heads[index] ?? 1),
    ...perStage('kernel', mostHeads, (index) => kernels[index] ?? 1),
  }),
  (shape) => numbersOf('depth', threeStages, shape),
);

/** What timm calls them. */
const architectures = {
  efficientvit_m0: 'm0',
  efficientvit_m1: 'm1',
  efficientvit_m2: 'm2',
  efficientvit_m3: 'm3',
  efficientvit_m4: 'm4',
  efficientvit_m5: 'm5',
};

const params = {
  model: sizes.param,
  featureStage: { ...featureStageParam, min: -3 },
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the encoder.',
    default: 'patches',
    options: [
      { value: 'patches', label: 'Map' },
      { value: 'pooled', label: 'Mean', about: 'One token: the mean of the last map.' },
    ],
  },
  imageSize: size('Image size', 'Side of the square picture.', 224, 4096, 'px'),
  ...perStage('width', threeStages, (index, stage) =>
    size(`Width ${stage}`, `Channels of stage ${stage}.`, [64, 128, 192][index] ?? 1, 16_384),
  ),
  ...perStage('depth', threeStages, (index, stage) =>
    size(`Depth ${stage}`, `Blocks of stage ${stage}.`, [1, 2, 3][index] ?? 1, 128),
  ),
  ...perStage('heads', threeStages, (_, stage) =>
    size(`Heads ${stage}`, `Heads of attention of stage ${stage}.`, 4, mostHeads.length),
  ),
  ...perStage('kernel', mostHeads, (_, head) =>
    size(`Kernel ${head}`, `Side of the kernel over the queries of head ${head}; odd.`, 5, 31),
  ),
  keySize: size('Key size', "Channels of one head's queries and keys.", 16, 1024),
  window: size('Window', 'Places along one side of a window; a smaller map is one.', 7, 8),
  ...weightParams,
} as const;

type MsraParams = ParamValues<typeof params>;

const encoderOf = (values: MsraParams): StagedEncoder => ({
  title: 'EfficientViT (MSRA)',
  channels: numbersOf('width', threeStages, sizes.shapeOf(values)),
  firstStride,
  rest: 'kept',
  featureStage: values.select === 'patches' ? values.featureStage : -1,
  imageSize: sizes.shapeOf(values).imageSize,
});

function shapeProblem(shape: MsraShape): Problem | null {
  const refused = (message: string, param: string) =>
    error('arrangement-unsupported', message, { param });
  if (shape.imageSize % firstStride !== 0)
    return refused(
      `Places are ${firstStride} px; choose an image size that is a multiple.`,
      'imageSize',
    );
  if (shape.width1 % 8 !== 0)
    return refused(
      'The first convolution has an eighth of the channels; choose a multiple of 8.',
      'width1',
    );
  for (const stage of threeStages) {
    const [width, heads] = [shape[`width${stage}`], shape[`heads${stage}`]];
    if (width % heads !== 0)
      return refused(
        `${width} channels do not divide into ${heads} heads; choose a number of heads that divides them.`,
        `heads${stage}`,
      );
  }
  const centreless = mostHeads.find((head) => shape[`kernel${head}`] % 2 === 0);
  if (centreless === undefined) return null;
  return refused('A kernel has a place in its middle; choose an odd side.', `kernel${centreless}`);
}

/** The biases are those of the trained maps. */
function pixelsProblem(imageSize: number, { width, height }: WireOf<'pixels'>): Problem | null {
  if (width === imageSize && height === imageSize) return null;
  const message =
    `EfficientViT (MSRA) sees ${imageSize} × ${imageSize} pixels, it is given ${width} × ${height}; ` +
    `set the preprocessing's size to ${imageSize}.`;
  return error('dimension-mismatch', message, { port: 'pixels' });
}

export const efficientVitMsra = defineNode({
  type: 'encoder/efficientvit-msra',
  version: 1,
  family: 'encoder',
  title: 'EfficientViT (MSRA)',
  about:
    'A small vision transformer built for speed on real machines, where moving memory costs more than arithmetic: one ' +
    'attention between several cheap feed-forwards, and heads that each see another share of the channels and what the head ' +
    'before them found. It starts from places of 16 pixels, so few tokens go through it. No relation of the other EfficientViT.',
  references: [
    {
      title: 'EfficientViT: Memory Efficient Vision Transformer with Cascaded Group Attention',
      url: 'https://arxiv.org/abs/2305.07027',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig: (files) => timmFromConfig(files, 'EfficientViT of MSRA', architectures),
  keyLayouts(values) {
    const encoder = encoderOf(values);
    return msraLayouts({ stageCount: encoder.channels.length, usedStages: usedStagesOf(encoder) });
  },
  demand: ({ params: values }) => ({ pixels: { pixels: sizes.shapeOf(values).imageSize } }),
  infer({ params: values, inputs }) {
    const shape = sizes.shapeOf(values);
    const problem = shapeProblem(shape) ?? pixelsProblem(shape.imageSize, inputs.pixels);
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
      const map = msraStages(g, pixels, sizes.shapeOf(values), found.usedStages); // [B, D, rows, columns]
      return {
        tokens: mapToTokens(g, values.select === 'pooled' ? globalAveragePool(g, map) : map),
      };
    },
  },
});
