/** The parameters that vision-transformer encoders share: a published size or a custom one, and the features taken. */
import { activations, type Activation } from '#engine/onnx/blocks/feed-forward.ts';
import {
  patchesPerSide,
  type VisionTransformerShape,
} from '#engine/onnx/blocks/vision-transformer.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { knownCount, type WireOf } from '#engine/graph/wire.ts';

const whenCustom = { param: 'model', is: ['custom'] } as const;

function size(label: string, help: string, standard: number, max: number, unit?: string) {
  const shared = {
    kind: 'integer',
    label,
    help,
    default: standard,
    min: 1,
    max,
    shownWhen: whenCustom,
    group: 'architecture',
  } as const;
  return unit === undefined ? shared : { ...shared, unit };
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

export function activationParam(standard: Activation) {
  return {
    kind: 'choice',
    label: 'Activation',
    help: 'Non-linearity of the feed-forward.',
    default: standard,
    options: activations.map((value) => ({ value, label: value })),
    shownWhen: whenCustom,
    group: 'architecture',
  } as const;
}

export const normEpsilonParam = (standard: number) =>
  ({
    kind: 'number',
    label: 'Norm epsilon',
    help: 'Added to the variance.',
    default: standard,
    min: 1e-12,
    max: 1,
    shownWhen: whenCustom,
    group: 'architecture',
  }) as const;

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
  if (pixels.width !== shape.imageSize || pixels.height !== shape.imageSize) {
    const message =
      `${name} sees ${shape.imageSize} × ${shape.imageSize} pixels, it is given ${pixels.width} × ${pixels.height}; ` +
      `set the preprocessing's size to ${shape.imageSize}.`;
    return fail(error('dimension-mismatch', message, { port: 'pixels' }));
  }
  return ok(null);
}

/** Tokens of the patch grid, with `prefixTokens` before it. */
export function gridTokens(shape: VisionTransformerShape, prefixTokens: number): WireOf<'tokens'> {
  const side = patchesPerSide(shape);
  return {
    kind: 'tokens',
    count: knownCount(prefixTokens + side * side),
    channels: shape.hiddenSize,
    prefixTokens,
    grid: { rows: side, columns: side },
  };
}
