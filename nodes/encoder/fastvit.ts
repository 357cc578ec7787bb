/** Apple's FastViT, MobileCLIP's image towers and FastVLM's FastViTHD. */
import { fail, ok } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { choice, decimal, flag, size } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { mapToTokens } from '#engine/onnx/blocks/feature-map.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { globalAveragePool } from '#engine/onnx/blocks/pooling.ts';
import { fastVitFromConfig } from './sizes/fastvit-config.ts';
import {
  fastVitStages,
  finalExpansion,
  finalMap,
  headSize,
  type FastVitShape,
} from './layers/fastvit-layers.ts';
import { fastVitLayouts } from './names/fastvit-names.ts';
import { publishedFastVits, shapeOfPublished } from './sizes/fastvit-sizes.ts';
import { stageFeatures, usedStagesOf, type StagedEncoder } from './staged/stage-features.ts';
import {
  featureStageParam,
  fiveStages,
  imageSizeParam,
  numbersOf,
  stageSizes,
  stagesOf,
  stagesParams,
} from './staged/stage-sizes.ts';

const sizes = stageSizes(publishedFastVits, 'hd', shapeOfPublished, (shape) =>
  numbersOf('depth', fiveStages, shape),
);

const params = {
  model: sizes.param,
  featureStage: {
    ...featureStageParam,
    help: "Which stage's map is taken: −1 is the last behind the convolution that widens it, −2 the stage before it, with four times as many tokens.",
  },
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: 'Which tokens leave the encoder.',
    default: 'patches',
    options: [
      { value: 'patches', label: 'Map' },
      { value: 'pooled', label: 'Mean', about: 'One token: the mean of the last map.' },
      {
        value: 'projected',
        label: 'Projected',
        about: 'The mean through the head, as CLIP compares it with texts.',
      },
    ],
  },
  imageSize: imageSizeParam(256),
  ...stagesParams([48, 96, 192, 384], [2, 2, 4, 2]),
  expansion: decimal('Expansion', 'Channels inside a feed-forward for each outside.', 3, 0.1, 64),
  attentionStages: {
    ...size('Attention stages', 'Stages, counted from the last, whose blocks attend.', 0, 5),
    min: 0,
  },
  attentionNorm: choice('Attention norm', 'What comes before attention.', 'batch', [
    { value: 'batch', label: 'Batch norm' },
    { value: 'layer', label: 'Layer norm' },
  ]),
  excitedStages: {
    ...size(
      'Excited stages',
      'Stages, counted from the last, that weigh their channels as they halve the map.',
      0,
      4,
    ),
    min: 0,
  },
  activatedHalving: flag(
    'Activated halving',
    'GELU behind the large kernel that halves a map.',
    false,
  ),
  stemScale: flag(
    'Stem scale branch',
    'The first convolutions are trained with a 1 × 1 branch.',
    true,
  ),
  projectionSize: size('Projection size', 'Channels of the projected token.', 512, 65_536),
  branches: {
    kind: 'choice',
    label: 'Branches',
    help: 'How the checkpoint keeps its convolutions. What runs is the same: branches are folded into one when they are read.',
    default: 'fused',
    options: [
      { value: 'fused', label: 'Reparameterised', about: 'One convolution a block, for use.' },
      { value: 'trained', label: 'As trained', about: 'Parallel branches with batch norms.' },
    ],
    group: 'weights',
  },
  ...weightParams,
} as const;

type FastVitParams = ParamValues<typeof params>;

function encoderOf(values: FastVitParams): StagedEncoder {
  const shape = sizes.shapeOf(values);
  const widths = stagesOf(shape).map(({ width }) => width);
  return {
    title: 'FastViT',
    channels: widths.map((width, index) =>
      index === widths.length - 1 ? finalExpansion * width : width,
    ),
    firstStride: 4,
    rest: 'kept',
    featureStage: values.select === 'patches' ? values.featureStage : -1,
    imageSize: shape.imageSize,
  };
}

/** Widths that a depthwise halving or the heads cannot have. */
function shapeProblem(shape: FastVitShape): Problem | null {
  const stages = stagesOf(shape);
  for (const [index, { width }] of stages.entries()) {
    const before = stages[index - 1]?.width ?? width;
    const param = `width${index + 1}`;
    if (width % before !== 0) {
      const message = `Each channel of stage ${index} becomes as many of stage ${index + 1}; choose a width that is a multiple of ${before}.`;
      return error('arrangement-unsupported', message, { param });
    }
    if (stages.length - index <= shape.attentionStages && width % headSize !== 0) {
      const message = `Heads have ${headSize} channels; choose a width of stage ${index + 1} that is a multiple of ${headSize}, or fewer attention stages.`;
      return error('arrangement-unsupported', message, { param });
    }
  }
  return null;
}

export const fastVit = defineNode({
  type: 'encoder/fastvit',
  version: 1,
  family: 'encoder',
  title: 'FastViT',
  about:
    'A network made for phones: convolutions in the stages where the map is large, attention only where it is small. It is ' +
    'trained with several branches side by side, which learn better, and run with one convolution in their place, which ' +
    'computes the same. MobileCLIP trained it with captions, and FastVLM sees with its largest form, FastViTHD: a fifth stage ' +
    'leaves 256 tokens of a picture of 1024 pixels, where a vision transformer would leave thousands.',
  references: [
    {
      title: 'FastViT: A Fast Hybrid Vision Transformer using Structural Reparameterization',
      url: 'https://arxiv.org/abs/2303.14189',
    },
    {
      title: 'MobileCLIP: Fast Image-Text Models through Multi-Modal Reinforced Training',
      url: 'https://arxiv.org/abs/2311.17049',
    },
    {
      title: 'FastVLM: Efficient Vision Encoding for Vision Language Models',
      url: 'https://arxiv.org/abs/2412.13303',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig(files) {
    const found = fastVitFromConfig(files);
    if (!found.ok) return found;
    const { model, branches, widths, depths, expansion } = found.value;
    const row = publishedFastVits[model];
    const shape = shapeOfPublished({
      ...row,
      widths: widths ?? row.widths,
      depths: depths ?? row.depths,
      expansion: expansion ?? row.expansion,
    });
    return ok({
      params: { ...sizes.paramsFor({ ...shape }), branches },
      took: ['FastViT', row.label],
      file: 'config.json',
    });
  },
  keyLayouts(values) {
    const encoder = encoderOf(values);
    return fastVitLayouts({
      stageCount: encoder.channels.length,
      usedStages: usedStagesOf(encoder),
      attentionStages: sizes.shapeOf(values).attentionStages,
    });
  },
  demand: ({ params: values }) => sizes.demand(values),
  infer({ params: values, inputs }) {
    const shape = sizes.shapeOf(values);
    const problem = shapeProblem(shape);
    if (problem) return fail(problem);
    const features = stageFeatures(encoderOf(values), inputs.pixels);
    if (!features.ok) return features;
    const { patches, single } = features.value;
    const projected = { ...single, channels: shape.projectionSize };
    const tokens = { patches, pooled: single, projected }[values.select];
    return ok({ outputs: { tokens }, found: features.value });
  },
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    emit(g, { pixels }, { params: values, found: { usedStages } }) {
      const shape = sizes.shapeOf(values);
      const { branches, select } = values;
      const map = fastVitStages(g, pixels, shape, usedStages, branches);
      const isLast = usedStages === stagesOf(shape).length;
      const features = isLast ? finalMap(g, map, branches) : map; // [B, D, rows, columns]
      if (select === 'patches') return { tokens: mapToTokens(g, features) };
      const pooled = mapToTokens(g, globalAveragePool(g, features)); // [B, 1, D]
      if (select === 'pooled') return { tokens: pooled };
      const inputs = features.shape[1] as number;
      const projection = { inputs, outputs: shape.projectionSize, bias: true };
      return { tokens: linear(g, pooled, 'head.fc', projection) };
    },
  },
});
