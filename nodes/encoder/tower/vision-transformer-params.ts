/** The parameters that vision-transformer encoders share: a published size or a custom one, and the features taken. */
import { activations, type Activation } from '#engine/onnx/blocks/feed-forward.ts';
import { patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { choice, decimal, option, size } from '#engine/node/architecture-params.ts';
import type { Demand } from '#engine/node/node-definition.ts';
import type { ParamValue } from '#engine/node/param.ts';
import type { Grid } from '#engine/node/wire.ts';

/** The figures of a vision transformer, by the names of its parameters. */
export interface VisionTransformerShape {
  /** Side of the square picture it was trained on. */
  readonly imageSize: number;
  readonly patchSize: number;
  readonly hiddenSize: number;
  readonly layerCount: number;
  readonly headCount: number;
  readonly feedForwardSize: number;
  readonly activation: Activation;
  readonly normEpsilon: number;
}

/** Defaults of a custom size: CLIP ViT-B/32. */
export const transformerParams = {
  imageSize: size('Image size', 'Side of the square picture.', 224, 4096, 'px'),
  patchSize: size('Patch size', 'Side of a patch.', 32, 512, 'px'),
  hiddenSize: size('Hidden size', 'Channels of a token.', 768, 65_536),
  layerCount: size('Layers', 'Transformer blocks.', 12, 512),
  headCount: size('Heads', 'Heads of attention.', 12, 1024),
  feedForwardSize: size('Feed-forward size', 'Channels inside the feed-forward.', 3072, 262_144),
} as const;

export const featureLayerParam = {
  kind: 'integer',
  label: 'Feature layer',
  help: "Which layer's output is taken: −1 is the last, −2 the one before it, as most multimodal models use.",
  default: -2,
  min: -512,
  max: -1,
} as const;

/** The same, of a tower whose final norm is part of its last layer's features. */
export const normedFeatureLayerParam = {
  ...featureLayerParam,
  help: "Which layer's output is taken: −1 is the last with its final norm, −2 the one before it, without.",
} as const;

/** The same, of a tower of which whole models take the last layer. */
export const lastFeatureLayerParam = { ...normedFeatureLayerParam, default: -1 } as const;

/** Where the norm behind the last layer lies, in towers that were published with either. */
export const finalNormParam = choice(
  'Final norm',
  'What is normed behind the last layer.',
  'tokens',
  [option('tokens', 'Every token'), option('single', 'The pooled token alone')],
);

export const positionsParam = {
  kind: 'choice',
  label: 'Positions',
  help: 'What becomes of the learned positions where a picture is not of the trained size.',
  default: 'trained',
  options: [
    {
      value: 'trained',
      label: 'As trained',
      about: 'Only pictures of the trained size are taken.',
    },
    {
      value: 'interpolated',
      label: 'Interpolated',
      about: 'Brought to the grid of the picture, which need not be square.',
    },
    {
      value: 'antialiased',
      label: 'Interpolated, antialiased',
      about: 'The same with a kernel that widens where the grid shrinks, as timm does.',
    },
  ],
} as const;

export type Positions = ParamValue<typeof positionsParam>;

export const activationParam = (standard: Activation) =>
  choice(
    'Activation',
    'Non-linearity of the feed-forward.',
    standard,
    activations.map((name) => option(name)),
  );

export const normEpsilonParam = (standard: number) =>
  decimal('Norm epsilon', 'Added to the variance.', standard, 1e-12, 1);

/** [image size, patch size, hidden size, layers, heads, feed-forward size] */
export type PublishedSize = readonly [number, number, number, number, number, number];

export function shapeOfSize(
  [imageSize, patchSize, hiddenSize, layerCount, headCount, feedForwardSize]: PublishedSize,
  rest: { readonly activation: Activation; readonly normEpsilon: number },
): VisionTransformerShape {
  return { imageSize, patchSize, hiddenSize, layerCount, headCount, feedForwardSize, ...rest };
}

/** The picture that a shape asks for: one of its own size, unless positions are brought to any grid. */
export function pixelsDemand(
  { imageSize }: VisionTransformerShape,
  positions: Positions,
): { readonly pixels: Demand } {
  return { pixels: positions === 'trained' ? { pixels: imageSize } : { usualPixels: imageSize } };
}

/** The grid that the positions were trained on. */
export function trainedGrid({ imageSize, patchSize }: VisionTransformerShape): Grid {
  return patchGrid({ height: imageSize, width: imageSize }, { patchSize });
}
