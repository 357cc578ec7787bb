/** SAM's map made as small as that of an encoder of 384 pixels, as DeepSeek-VL and Vary make it. */
import { convolution } from '#engine/onnx/blocks/convolution.ts';
import { resizeMap } from '#engine/onnx/blocks/resize.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { add, multiply } from '#engine/onnx/operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';
import type { TableGrid } from '#engine/onnx/weight.ts';
import { samNeckMap, type SamShape } from './sam-vit-layers.ts';

export interface DownsampledShape extends SamShape {
  /** Places along a side that the map is brought to before it is halved twice. */
  readonly stretchedSide: number;
  /** Is what the first layer that looks at all has seen added? */
  readonly addsEarly: boolean;
}

/** Behind a convolution of 3 × 3 at every second place. */
const halved = (side: number): number => Math.ceil(side / 2);

export const downsampledSide = ({ stretchedSide }: DownsampledShape): number =>
  halved(halved(stretchedSide));

/**
 * `last` and, where wanted, `early` [B, N, D] → [B, 4 · outputSize, side, side]
 * Source: deepseek-ai/DeepSeek-VL, models/sam.py (ImageEncoderViT, sam_hd).
 */
export function downsampledMap(
  g: GraphBuilder,
  { last, early }: { readonly last: Value; readonly early: Value },
  shape: DownsampledShape,
  grid: TableGrid,
): Value {
  const map = halvedTwice(g, samNeckMap(g, last, 'neck', shape, grid), shape);
  if (!shape.addsEarly) return map;
  const first = halvedTwice(g, samNeckMap(g, early, 'neck_hd', shape, grid), shape);
  const share = g.weight(g.tensor('hd_alpha_downsamples', [1], 'norm'));
  return add(g, map, multiply(g, first, share));
}

function halvedTwice(
  g: GraphBuilder,
  map: Value,
  { stretchedSide, outputSize }: DownsampledShape,
): Value {
  const isThere = fixedDim(map, 2) === stretchedSide && fixedDim(map, 3) === stretchedSide;
  const side = { rows: stretchedSide, columns: stretchedSide };
  const stretched = isThere ? map : resizeMap(g, map, side, { kernel: 'bilinear' });
  const half = { kernel: 3, stride: 2, padding: 1, bias: false } as const;
  const once = { ...half, inputs: outputSize, outputs: 2 * outputSize };
  const twice = { ...half, inputs: 2 * outputSize, outputs: 4 * outputSize };
  const middle = convolution(g, stretched, 'downsamples.0', once);
  return convolution(g, middle, 'downsamples.1', twice);
}
