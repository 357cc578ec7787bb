/** What leaves a node that cuts pictures into tiles, which the pictures decide. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { itemsOf, picturesInAll, type ViewCount, type WireOf } from '#engine/node/wire.ts';

/** Views of one picture. */
export interface ViewsOfPicture {
  /** Of a photograph of common size. */
  readonly expected: number;
  readonly most: number;
}

/** Views of `side` pixels a side, [views, 3, side, side]. Fails with `arrangement-unsupported` where a clip comes in. */
export function tiledPixels(
  wires: readonly WireOf<'image'>[],
  side: number,
  { expected, most }: ViewsOfPicture,
): Outcome<WireOf<'pixels'>> {
  if (wires.some(({ pictures }) => pictures?.media === 'video')) {
    const message = 'Frames of a clip are not cut into tiles; wire the clip to Preprocess.';
    return fail(error('arrangement-unsupported', message, { port: 'image' }));
  }
  const pictures = itemsOf(picturesInAll(wires).views);
  const views: ViewCount = {
    known: most === 1,
    views: Math.min(expected, most) * pictures,
    most: most * pictures,
    items: pictures,
  };
  return ok({ kind: 'pixels', height: side, width: side, views });
}
