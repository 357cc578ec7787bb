/** What leaves a node that cuts pictures into tiles, which the pictures decide. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { picturesInAll } from '#engine/node/item-views.ts';
import { itemsOf, type ViewCount, type WireOf } from '#engine/node/wire.ts';
import type { PictureSize } from './tile-grids.ts';

/** Views of one picture. */
export interface ViewsOfPicture {
  /** Of a photograph of common size. */
  readonly expected: number;
  readonly most: number;
  /** Where the number is not left to the picture. */
  readonly known?: boolean;
}

/** Views of one size, [views, 3, height, width]. Fails with `arrangement-unsupported` where a clip comes in. */
export function tiledPixels(
  wires: readonly WireOf<'image'>[],
  { width, height }: PictureSize,
  { expected, most, known = most === 1 }: ViewsOfPicture,
): Outcome<WireOf<'pixels'>> {
  if (wires.some(({ pictures }) => pictures?.media === 'video')) {
    const message = 'Frames of a clip are not cut into tiles; wire the clip to Preprocess.';
    return fail(error('arrangement-unsupported', message, { port: 'image' }));
  }
  const pictures = picturesInAll(wires).views;
  const [items, mostItems] = [itemsOf(pictures), pictures?.mostItems];
  const views: ViewCount = {
    known: known && mostItems === undefined,
    views: Math.min(expected, most) * items,
    most: most * (mostItems ?? items),
    items,
    ...(mostItems !== undefined && { mostItems }),
  };
  return ok({ kind: 'pixels', height, width, views });
}

export const squareOf = (side: number): PictureSize => ({ width: side, height: side });
