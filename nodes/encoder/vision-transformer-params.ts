/** The parameters that vision-transformer encoders share: a published size or a custom one, and the features taken. */
import { activations, type Activation } from '#engine/onnx/blocks/feed-forward.ts';
import { patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { choice, decimal, option, size } from '#engine/node/architecture-params.ts';
import type { Demand } from '#engine/node/node-definition.ts';
import type { ParamValue } from '#engine/node/param.ts';
import { knownCount, sameViews, type Grid, type WireOf } from '#engine/node/wire.ts';

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

/** Blocks to run for a feature layer counted from the end. */
export function blocksFor(shape: VisionTransformerShape, featureLayer: number): number {
  return shape.layerCount + featureLayer + 1;
}

/** What stands in the way of running a shape on these pixels; null where nothing does. */
export function transformerProblems(
  name: string,
  shape: VisionTransformerShape,
  featureLayer: number,
  pixels: WireOf<'pixels'>,
  positions: Positions,
): Outcome<null> {
  if (blocksFor(shape, featureLayer) < 0) {
    const message = `${name} has ${shape.layerCount} layers; choose a feature layer from −${shape.layerCount + 1} to −1.`;
    return fail(error('arrangement-unsupported', message, { param: 'featureLayer' }));
  }
  if (shape.hiddenSize % shape.headCount !== 0) {
    const message = `${shape.hiddenSize} channels do not divide into ${shape.headCount} heads; choose a number of heads that divides them.`;
    return fail(error('arrangement-unsupported', message, { param: 'headCount' }));
  }
  if (shape.patchSize > shape.imageSize) {
    const message = `A patch of ${shape.patchSize} px is larger than the picture of ${shape.imageSize} px; choose a smaller patch.`;
    return fail(error('arrangement-unsupported', message, { param: 'patchSize' }));
  }
  if (pixels.width < shape.patchSize || pixels.height < shape.patchSize) {
    const message = `A picture of ${pixels.width} × ${pixels.height} pixels holds no patch of ${shape.patchSize} px; set the preprocessing's size to ${shape.imageSize}.`;
    return fail(error('dimension-mismatch', message, { port: 'pixels' }));
  }
  const isTrained = pixels.width === shape.imageSize && pixels.height === shape.imageSize;
  if (!isTrained && positions === 'trained') {
    const message =
      `${name} sees ${shape.imageSize} × ${shape.imageSize} pixels, it is given ${pixels.width} × ${pixels.height}; ` +
      `set the preprocessing's size to ${shape.imageSize}, or let positions be interpolated.`;
    return fail(error('dimension-mismatch', message, { port: 'pixels' }));
  }
  return ok(null);
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

/** Tokens of the patches of a picture, with `prefixTokens` before them. */
export function gridTokens(
  { patchSize, hiddenSize }: VisionTransformerShape,
  pixels: WireOf<'pixels'>,
  prefixTokens: number,
): WireOf<'tokens'> {
  const grid = patchGrid(pixels, { patchSize });
  const count = knownCount(prefixTokens + grid.rows * grid.columns);
  return { kind: 'tokens', ...sameViews(pixels), count, channels: hiddenSize, prefixTokens, grid };
}
