/** What a vision transformer gives: how far it is run, what may keep it from running, and the tokens that may leave. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { knownCount, sameViews, type WireOf } from '#engine/node/wire.ts';
import { patchGrid } from '#engine/onnx/blocks/patch-embedding.ts';
import { headProblem } from '../../tokens/widths.ts';
import {
  checkEncoderParts,
  withEncoderParts,
  type EncoderHost,
  type EncoderParts,
} from './encoder-parts.ts';
import type { Positions, VisionTransformerShape } from './vision-transformer-params.ts';

/** A vision transformer as the parameters of its encoder choose it. */
export interface VisionTower {
  readonly title: string;
  readonly shape: VisionTransformerShape;
  /** Tokens before those of the patches: a class token, registers. */
  readonly prefixTokens: number;
  /** Where the features are taken, counted from the end: −1 is the last layer. */
  readonly featureLayer: number;
}

export interface TowerFeatures {
  /** The tower as its parts see it. */
  readonly host: EncoderHost;
  /** Tokens behind so many blocks, those of the prefix included. */
  readonly tokensAfter: EncoderParts['tokensAfter'];
  readonly known: EncoderParts['known'];
  /** Prefix and patches. */
  readonly all: WireOf<'tokens'>;
  readonly patches: WireOf<'tokens'>;
  /** One token that stands for the whole picture. */
  readonly single: WireOf<'tokens'>;
  readonly warnings: readonly Problem[];
}

/** Blocks before the features are taken. */
export function usedLayersOf({ shape, featureLayer }: VisionTower): number {
  return shape.layerCount + featureLayer + 1;
}

/**
 * Fails with `arrangement-unsupported` for figures that do not go together, `dimension-mismatch` for pixels
 * that the positions do not reach, and what {@link checkEncoderParts} says.
 */
export function towerFeatures(
  tower: VisionTower,
  positions: Positions,
  inputs: {
    readonly pixels: WireOf<'pixels'>;
    readonly parts: readonly WireOf<'encoder-part'>[];
  },
): Outcome<TowerFeatures> {
  const { pixels } = inputs;
  const { title, shape, prefixTokens } = tower;
  const problem = shapeProblem(tower) ?? pixelsProblem(tower, pixels, positions);
  if (problem) return fail(problem);
  const all = gridTokens(shape, pixels, prefixTokens);
  const host: EncoderHost = {
    title,
    layerCount: shape.layerCount,
    usedLayers: usedLayersOf(tower),
    tokens: all.count.tokens,
    prefixTokens,
    views: pixels.views?.most ?? 1,
  };
  const parts = checkEncoderParts(inputs.parts, host);
  if (!parts.ok) return parts;
  const patches = gridTokens(shape, pixels, 0);
  return ok({
    host,
    ...parts.value,
    all: withEncoderParts(all, parts.value, host),
    patches: withEncoderParts(patches, parts.value, host),
    single: { ...patches, count: knownCount(1), grid: null },
  });
}

function shapeProblem(tower: VisionTower): Problem | null {
  const { hiddenSize, headCount, layerCount, patchSize, imageSize } = tower.shape;
  if (usedLayersOf(tower) < 0) {
    const message = `${tower.title} has ${layerCount === 1 ? '1 layer' : `${layerCount} layers`}; choose a feature layer from −${layerCount + 1} to −1.`;
    return error('arrangement-unsupported', message, { param: 'featureLayer' });
  }
  const heads = headProblem(hiddenSize, headCount);
  if (heads) return heads;
  if (patchSize > imageSize) {
    const message = `A patch of ${patchSize} px is larger than the picture of ${imageSize} px; choose a smaller patch.`;
    return error('arrangement-unsupported', message, { param: 'patchSize' });
  }
  return null;
}

function pixelsProblem(
  { title, shape: { imageSize, patchSize } }: VisionTower,
  { width, height }: WireOf<'pixels'>,
  positions: Positions,
): Problem | null {
  if (width < patchSize || height < patchSize) {
    const message = `A picture of ${width} × ${height} pixels holds no patch of ${patchSize} px; set the preprocessing's size to ${imageSize}.`;
    return error('dimension-mismatch', message, { port: 'pixels' });
  }
  const isTrained = width === imageSize && height === imageSize;
  if (!isTrained && positions === 'trained') {
    const message =
      `${title} sees ${imageSize} × ${imageSize} pixels, it is given ${width} × ${height}; ` +
      `set the preprocessing's size to ${imageSize}, or let positions be interpolated.`;
    return error('dimension-mismatch', message, { port: 'pixels' });
  }
  return null;
}

/** Tokens of the patches of a picture, with `prefixTokens` before them. */
function gridTokens(
  { patchSize, hiddenSize }: VisionTransformerShape,
  pixels: WireOf<'pixels'>,
  prefixTokens: number,
): WireOf<'tokens'> {
  const grid = patchGrid(pixels, { patchSize });
  const count = knownCount(prefixTokens + grid.rows * grid.columns);
  return { kind: 'tokens', ...sameViews(pixels), count, channels: hiddenSize, prefixTokens, grid };
}
