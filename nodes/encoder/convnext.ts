/** ConvNeXt, both versions of it: the convolutional network that was rebuilt after the vision transformer. */
import { ok } from '#engine/contract/outcome.ts';
import { choice } from '#engine/node/architecture-params.ts';
import { defineNode } from '#engine/node/node-definition.ts';
import type { ParamValues } from '#engine/node/param.ts';
import { weightParams } from '#engine/node/weight-params.ts';
import { joinPrefix, mapToTokens } from '#engine/onnx/blocks/feature-map.ts';
import { norm } from '#engine/onnx/blocks/norm.ts';
import { mean } from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import { convNextFromConfig, timmConvNexts } from './sizes/convnext-config.ts';
import {
  convNextStages,
  joinMaps,
  patchSize,
  type ConvNextShape,
  type ConvNextWeighing,
} from './layers/convnext-layers.ts';
import { convNextLayouts } from './names/convnext-names.ts';
import { stageFeatures, usedStagesOf, type StagedEncoder } from './staged/stage-features.ts';
import {
  featureStageParam,
  imageSizeParam,
  numbersOf,
  fiveStages,
  stageSizes,
  stagesOf,
  stagesParams,
  stagesShape,
} from './staged/stage-sizes.ts';
import { timmFromConfig } from './sizes/timm-config.ts';
import { normEpsilonParam } from './tower/vision-transformer-params.ts';

interface PublishedConvNext {
  readonly label: string;
  readonly imageSize: number;
  readonly widths: readonly number[];
  readonly depths: readonly number[];
  readonly weighing: ConvNextWeighing;
  readonly normEpsilon?: number;
}

const first = (
  label: string,
  widths: readonly number[],
  depths: readonly number[],
): PublishedConvNext => ({
  label,
  imageSize: 224,
  widths,
  depths,
  weighing: 'layer-scale',
});
const second = (
  label: string,
  widths: readonly number[],
  depths: readonly number[],
): PublishedConvNext => ({
  ...first(label, widths, depths),
  weighing: 'response-norm',
});

const large = first('L', [192, 384, 768, 1536], [3, 3, 27, 3]);

const sizes = stageSizes(
  {
    tiny: first('T', [96, 192, 384, 768], [3, 3, 9, 3]),
    small: first('S', [96, 192, 384, 768], [3, 3, 27, 3]),
    base: first('B', [128, 256, 512, 1024], [3, 3, 27, 3]),
    large,
    'large-clip-320': { ...large, label: 'L, CLIP, 320 px', imageSize: 320 },
    xlarge: first('XL', [256, 512, 1024, 2048], [3, 3, 27, 3]),
    'xxlarge-clip': {
      ...first('XXL, CLIP', [384, 768, 1536, 3072], [3, 4, 30, 3]),
      imageSize: 256,
      normEpsilon: 1e-5,
    },
    convllava: {
      ...first('ConvLLaVA, L with a fifth stage', [192, 384, 768, 1536, 3072], [3, 3, 27, 3, 6]),
      imageSize: 1536,
    },
    'v2-atto': second('V2 A', [40, 80, 160, 320], [2, 2, 6, 2]),
    'v2-femto': second('V2 F', [48, 96, 192, 384], [2, 2, 6, 2]),
    'v2-pico': second('V2 P', [64, 128, 256, 512], [2, 2, 6, 2]),
    'v2-nano': second('V2 N', [80, 160, 320, 640], [2, 2, 8, 2]),
    'v2-tiny': second('V2 T', [96, 192, 384, 768], [3, 3, 9, 3]),
    'v2-base': second('V2 B', [128, 256, 512, 1024], [3, 3, 27, 3]),
    'v2-large': second('V2 L', [192, 384, 768, 1536], [3, 3, 27, 3]),
    'v2-huge': second('V2 H', [352, 704, 1408, 2816], [3, 3, 27, 3]),
  },
  'large-clip-320',
  ({ imageSize, widths, depths, weighing, normEpsilon = 1e-6 }): ConvNextShape => ({
    imageSize,
    ...stagesShape(widths, depths),
    weighing,
    normEpsilon,
  }),
  (shape) => numbersOf('depth', fiveStages, shape),
);

const params = {
  model: sizes.param,
  featureStage: featureStageParam,
  select: {
    kind: 'choice',
    label: 'Tokens',
    help: "Which tokens leave the encoder. Those that are normed are the last stage's, behind its final norm.",
    default: 'patches',
    options: [
      { value: 'patches', label: 'Map', about: 'The places of the map, as the stage leaves them.' },
      { value: 'normed', label: 'Map, normed', about: 'As DINOv3 gives its patches.' },
      { value: 'all', label: 'Mean and map, normed', about: 'As the library gives DINOv3.' },
      { value: 'pooled', label: 'Mean, normed' },
      {
        value: 'stages',
        label: 'All maps, joined',
        about:
          "Brought to the first stage's size, channels side by side, as Mini-Gemini reads them.",
      },
    ],
  },
  imageSize: imageSizeParam(224),
  ...stagesParams([96, 192, 384, 768], [3, 3, 9, 3]),
  weighing: choice('Weighing', 'What weighs the channels of a block.', 'layer-scale', [
    { value: 'layer-scale', label: 'Layer scale (V1)', about: 'A learned factor for each.' },
    {
      value: 'response-norm',
      label: 'Global response norm (V2)',
      about: 'Those that answer strongly over the whole map are raised, the others lowered.',
    },
  ]),
  normEpsilon: normEpsilonParam(1e-6),
  finalEpsilon: {
    kind: 'number',
    label: 'Final norm epsilon',
    help: 'Added to the variance by the norm behind the last stage.',
    default: 1e-6,
    min: 1e-12,
    max: 1,
    group: 'architecture',
  },
  ...weightParams,
} as const;

type ConvNextParams = ParamValues<typeof params>;

function encoderOf(values: ConvNextParams): StagedEncoder {
  const shape = sizes.shapeOf(values);
  return {
    title: 'ConvNeXt',
    channels: stagesOf(shape).map(({ width }) => width),
    firstStride: patchSize,
    rest: 'dropped',
    featureStage: values.select === 'patches' ? values.featureStage : -1,
    imageSize: shape.imageSize,
  };
}

export const convNext = defineNode({
  type: 'encoder/convnext',
  version: 1,
  family: 'encoder',
  title: 'ConvNeXt',
  about:
    'A convolutional network built with what vision transformers taught: patches at the start, large depthwise kernels in ' +
    'place of attention, layer norm and GELU. Each of its stages halves the map and widens its channels, so a large picture ' +
    'ends in few tokens, and its cost grows with the number of pixels instead of the square of the tokens. It sees the fine ' +
    'print for Mini-Gemini and is the whole eye of ConvLLaVA. V2 weighs channels by how strongly they answer over the map.',
  references: [
    { title: 'A ConvNet for the 2020s', url: 'https://arxiv.org/abs/2201.03545' },
    {
      title: 'ConvNeXt V2: Co-designing and Scaling ConvNets with Masked Autoencoders',
      url: 'https://arxiv.org/abs/2301.00808',
    },
    {
      title: 'ConvLLaVA: Hierarchical Backbones as Visual Encoder for Large Multimodal Models',
      url: 'https://arxiv.org/abs/2405.15738',
    },
  ],
  params,
  inputs: { pixels: { kind: 'pixels', title: 'Pixels' } },
  outputs: { tokens: { kind: 'tokens', title: 'Visual tokens' } },
  fromConfig: (files) =>
    timmFromConfig(files, 'ConvNeXt', timmConvNexts, () => {
      const found = convNextFromConfig(files);
      if (!found.ok) return found;
      const { figures, imageSize, finalEpsilon, isDinov3 } = found.value;
      const size = sizes.paramsFor(figures);
      return ok({
        params: {
          ...size,
          ...(size['model'] === 'custom' && { imageSize }),
          finalEpsilon,
          select: isDinov3 ? 'normed' : 'patches',
        },
        took: [isDinov3 ? 'DINOv3 ConvNeXt' : 'ConvNeXt', `${imageSize} px`],
        file: 'config.json',
      });
    }),
  keyLayouts(values) {
    const encoder = encoderOf(values);
    return convNextLayouts({
      stageCount: encoder.channels.length,
      usedStages: usedStagesOf(encoder),
    });
  },
  demand: ({ params: values }) => sizes.demand(values),
  infer({ params: values, inputs }) {
    const features = stageFeatures(encoderOf(values), inputs.pixels);
    if (!features.ok) return features;
    const { all, patches, joined, single } = features.value;
    const tokens = { all, patches, normed: patches, pooled: single, stages: joined }[values.select];
    return ok({ outputs: { tokens }, found: features.value });
  },
  layers: sizes.layers,
  summary: sizes.summary,
  body: {
    kind: 'onnx',
    emit(g, { pixels }, { params: values, found }) {
      const shape = sizes.shapeOf(values);
      const maps = convNextStages(g, pixels, shape, found.usedStages);
      if (values.select === 'stages') return { tokens: mapToTokens(g, joinMaps(g, maps)) };
      const tokens = mapToTokens(g, maps.at(-1) as Value); // [B, N, D]
      if (values.select === 'patches') return { tokens };
      const final = (of: Value) =>
        norm(g, of, 'layernorm', { kind: 'layer', epsilon: values.finalEpsilon });
      if (values.select === 'normed') return { tokens: final(tokens) };
      const pooled = mean(g, tokens, 1, true); // [B, 1, D]
      return { tokens: final(values.select === 'all' ? joinPrefix(g, pooled, tokens) : pooled) };
    },
  },
});
