/** Pictures and clips as the views that an encoder is given. */
import type { PreprocessRecipe, TileRecipe } from '#engine/node/host-step.ts';
import type { View } from '#engine/node/view.ts';
import { squareOf } from '#nodes/vision/tiled-pixels.ts';
import type { RgbImage } from '../images/decode-image.ts';
import { preprocess } from '../images/preprocess.ts';
import { tilePicture } from '../images/tile-picture.ts';
import { float32 } from '../sessions/sessions.ts';
import type { Batch, StageValue } from './stage-value.ts';

/** A picture, or a frame of a clip, before it is prepared. */
export interface Sight {
  readonly image: RgbImage;
  readonly view: View;
}

/** Pictures and frames in the order of the wires; every picture and every clip is an item of its own. */
export function sightsOf(values: readonly StageValue[]): readonly Sight[] {
  const sights: Sight[] = [];
  let item = 0;
  for (const value of values) {
    if (value.kind !== 'image') continue;
    const { media, images } = value;
    for (const [index, image] of images.entries()) {
      const { width, height } = image;
      const place =
        media === 'image'
          ? ({ role: 'whole', row: 0, column: 0 } as const)
          : ({ role: 'frame', row: index, column: 0 } as const);
      const view: View = { item, media, ...place, original: { width, height } };
      sights.push({ image, view });
      if (media === 'image') item += 1;
    }
    if (media === 'video') item += 1;
  }
  return sights;
}

/** Each picture or frame as one view, [views, 3, height, width]. */
export function wholeViews(values: readonly StageValue[], recipe: PreprocessRecipe): Batch {
  const sights = sightsOf(values);
  const sides = sidesOf(recipe);
  const prepared = sights.map(({ image }) => preprocess(image, recipe));
  return pixelBatch(
    prepared,
    sides,
    sights.map(({ view }) => view),
  );
}

function sidesOf({ crop, resizeTo }: PreprocessRecipe): {
  readonly height: number;
  readonly width: number;
} {
  if (crop) return crop;
  if (typeof resizeTo === 'number')
    throw new Error('Pictures that are not cropped are squashed or fitted to one size.');
  if (!('longestEdge' in resizeTo)) return resizeTo;
  return { height: resizeTo.longestEdge, width: resizeTo.longestEdge };
}

/** Of each picture its tiles and the whole, in the order of the recipe, [views, 3, height, width]. */
export function tiledViews(values: readonly StageValue[], recipe: TileRecipe): Batch {
  const views: View[] = [];
  const prepared: Float32Array[] = [];
  for (const { image, view } of sightsOf(values)) {
    for (const { pixels, ...place } of tilePicture(image, recipe)) {
      views.push({ ...view, ...place });
      prepared.push(pixels);
    }
  }
  const size = recipe.scheme === 'slice' ? recipe.slice : squareOf(recipe.side);
  return pixelBatch(prepared, size, views);
}

/** Views of one size, each [1, 3, height, width], as one tensor. */
function pixelBatch(
  prepared: readonly Float32Array[],
  { height, width }: { readonly height: number; readonly width: number },
  views: readonly View[],
): Batch {
  const size = 3 * height * width;
  const [first] = prepared;
  const pixels = first && prepared.length === 1 ? first : new Float32Array(size * prepared.length);
  if (prepared.length > 1)
    for (const [index, view] of prepared.entries()) pixels.set(view, index * size);
  return { tensors: { '': float32(pixels, [prepared.length, 3, height, width]) }, views };
}
