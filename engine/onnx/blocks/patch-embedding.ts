/** The first layer of a vision transformer: a convolution that makes a token of each patch, and tokens put before them. */
import type { GraphBuilder } from '../graph-builder.ts';
import { concatenate, repeatAs, reshape, slice, transpose } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import type { TableGrid, WeightExpression } from '../weight.ts';
import {
  convolution,
  pairOf,
  placesAlong,
  sidesOf,
  type Extent,
  type Padding,
} from './convolution.ts';
import { mapToTokens } from './feature-map.ts';

export interface PatchShape {
  /** Side of a patch in pixels. */
  readonly patchSize: Extent;
  /** Pixels from one patch to the next; the patch's size where left out: patches side by side. */
  readonly stride?: Extent;
  readonly padding?: Padding;
}

/** Patches of a picture; what does not fill a patch at the right and below is dropped. */
export function patchGrid(
  { height, width }: { readonly height: number; readonly width: number },
  { patchSize, stride = patchSize, padding = 0 }: PatchShape,
): TableGrid {
  const [top, left, bottom, right] = sidesOf(padding);
  const [tall, wide] = pairOf(patchSize);
  const [down, across] = pairOf(stride);
  return {
    rows: placesAlong(height, tall, down, top + bottom),
    columns: placesAlong(width, wide, across, left + right),
  };
}

/** Pixels [B, 3, H, W] → patch tokens [B, N, D], row by row from the top left; `name` has the convolution's weights. */
export function patchEmbedding(
  g: GraphBuilder,
  pixels: Value,
  name: string,
  shape: PatchShape & { readonly hiddenSize: number; readonly bias: boolean },
): Value {
  const { patchSize, stride = patchSize, padding = 0, hiddenSize, bias } = shape;
  const kernel = { kernel: patchSize, stride, padding, bias };
  const inputs = fixedDim(pixels, 1);
  return mapToTokens(g, convolution(g, pixels, name, { ...kernel, inputs, outputs: hiddenSize }));
}

/**
 * Patches as the numbers that they hold, row by row, for towers that embed them by a linear; a rest that fills none
 * at the right and below is dropped. `inside` says what lies side by side in a vector: the channels of a pixel, or
 * the pixels of a channel. [B, C, H, W] → [B, N, P · P · C]
 */
export function patchVectors(
  g: GraphBuilder,
  pixels: Value,
  { patchSize, inside }: { readonly patchSize: number; readonly inside: 'channels' | 'pixels' },
): Value {
  const [batch, channels] = [pixels.shape[0] as Dim, fixedDim(pixels, 1)];
  const size = { height: fixedDim(pixels, 2), width: fixedDim(pixels, 3) };
  const { rows, columns } = patchGrid(size, { patchSize });
  const cut = (x: Value, axis: number, to: number) =>
    x.shape[axis] === to ? x : slice(g, x, axis, g.list(0), g.list(to), to);
  const whole = cut(cut(pixels, 2, rows * patchSize), 3, columns * patchSize);
  const apart = reshape(g, whole, [batch, channels, rows, patchSize, columns, patchSize]);
  const ordered = transpose(
    g,
    apart,
    ...(inside === 'channels' ? [0, 2, 4, 3, 5, 1] : [0, 2, 4, 1, 3, 5]),
  );
  return reshape(g, ordered, [batch, rows * columns, patchSize ** 2 * channels]);
}

/** Learned tokens that every picture gets, such as a class token and registers; [count, D] under any shape. */
export interface LearnedTokens {
  readonly of: WeightExpression;
  readonly count: number;
}

/** Puts learned tokens before those of each picture. [B, N, D] → [B, count + N, D] */
export function prependTokens(
  g: GraphBuilder,
  tokens: Value,
  learned: readonly LearnedTokens[],
): Value {
  const before = learned.map((token) => forEachPicture(g, token, tokens));
  const count = learned.reduce((sum, token) => sum + token.count, fixedDim(tokens, 1));
  return concatenate(g, [...before, tokens], 1, count);
}

/** Puts learned tokens behind those of each picture. [B, N, D] → [B, N + count, D] */
export function appendTokens(g: GraphBuilder, tokens: Value, learned: LearnedTokens): Value {
  const count = fixedDim(tokens, 1) + learned.count;
  return concatenate(g, [tokens, forEachPicture(g, learned, tokens)], 1, count);
}

/** [B, count, D] for tokens [B, N, D] */
function forEachPicture(g: GraphBuilder, { of, count }: LearnedTokens, tokens: Value): Value {
  const shape = [1, count, fixedDim(tokens, 2)];
  return repeatAs(g, g.weight({ kind: 'reshape', of, shape }), 0, tokens, 0);
}
