/** From RGB bytes to the numbers a vision encoder was trained on, as transformers' Pillow processors compute them. */
import type { FitInSquare, PreprocessRecipe, ResizeFilter } from '#engine/node/host-step.ts';
import { roundHalfToEven } from '#engine/round-half-to-even.ts';
import type { RgbImage } from './decode-image.ts';
import { resizeWindow, type Canvas } from './resample.ts';

/**
 * Runs a recipe on one picture and returns [1, 3, H, W]: H and W are those of the crop, else of the resized picture.
 * Padding and what the crop cuts away are never stored, so an extremely long picture costs no more than another,
 * except where the shortest edge is resized and nothing cropped, and the long side grows with the picture's.
 */
export function preprocess(image: RgbImage, recipe: PreprocessRecipe): Float32Array {
  const { resizeTo, filter } = recipe;
  if (typeof resizeTo === 'object' && 'longestEdge' in resizeTo)
    return fitInSquare(image, resizeTo, recipe);
  const canvas = recipe.padToSquare ? squareAround(image, recipe.mean) : undefined;
  const { width, height } =
    typeof resizeTo === 'object' ? resizeTo : resizedSides(canvas ?? image, resizeTo);
  const crop = recipe.crop ?? { width, height };
  const across = centreOf(width, crop.width);
  const down = centreOf(height, crop.height);
  const window = {
    left: across.from,
    top: down.from,
    width: across.length,
    height: down.length,
  };
  const kept = resizeWindow(image, width, height, window, { canvas, filter });
  return normalise(kept, { ...crop, left: across.to, top: down.to }, recipe);
}

/** The whole picture at another size. */
export function resizeWhole(
  image: RgbImage,
  { width, height }: { readonly width: number; readonly height: number },
  filter: ResizeFilter,
): RgbImage {
  return resizeWindow(image, width, height, { left: 0, top: 0, width, height }, { filter });
}

/** Janus: resized first, then padded; an odd remainder goes below or to the right. */
function fitInSquare(
  image: RgbImage,
  { longestEdge: side, shortest }: FitInSquare,
  recipe: PreprocessRecipe,
): Float32Array {
  const scale = side / Math.max(image.width, image.height);
  const sideOf = (length: number): number =>
    Math.min(Math.max(roundHalfToEven(length * scale), shortest), side);
  const size = { width: sideOf(image.width), height: sideOf(image.height) };
  const left = Math.floor((side - size.width) / 2);
  const top = Math.floor((side - size.height) / 2);
  const place = { width: side, height: side, left, top, ground: wholeLevels(recipe.mean) };
  return normalise(resizeWhole(image, size, recipe.filter), place, recipe);
}

/** A colour cut down to whole grey levels, not rounded. */
function wholeLevels([red, green, blue]: PreprocessRecipe['mean']): Canvas['colour'] {
  return [Math.trunc(red * 255), Math.trunc(green * 255), Math.trunc(blue * 255)];
}

/** LLaVA-1.5: a square of the mean colour with the picture in its middle, an odd remainder below or to the right. */
function squareAround({ width, height }: RgbImage, mean: PreprocessRecipe['mean']): Canvas {
  const side = Math.max(width, height);
  return {
    width: side,
    height: side,
    left: Math.floor((side - width) / 2),
    top: Math.floor((side - height) / 2),
    colour: wholeLevels(mean),
  };
}

function resizedSides(
  { width, height }: { readonly width: number; readonly height: number },
  resizeTo: number,
): { width: number; height: number } {
  const short = Math.min(width, height);
  const long = Math.max(width, height);
  const resizedLong = Math.trunc((resizeTo * long) / short);
  return width <= height
    ? { width: resizeTo, height: resizedLong }
    : { width: resizedLong, height: resizeTo };
}

/** Which stretch of a side lies in the centre crop, and where in the crop it begins; black fills the rest. */
function centreOf(
  side: number,
  cropSide: number,
): { readonly from: number; readonly to: number; readonly length: number } {
  const offset = Math.floor((side - cropSide) / 2); // negative where the crop is larger
  return { from: Math.max(offset, 0), to: Math.max(-offset, 0), length: Math.min(side, cropSide) };
}

/** Size of the result, and where the picture lies in it. */
export interface Placement {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  /** Whole grey levels around it; black where left out. */
  readonly ground?: Canvas['colour'];
}

/** Lays the picture on its ground and normalises it plane by plane. → [1, 3, height, width] */
export function normalise(
  image: RgbImage,
  place: Placement,
  recipe: Pick<PreprocessRecipe, 'mean' | 'deviation'>,
): Float32Array {
  const planeSize = place.width * place.height;
  const pixels = new Float32Array(3 * planeSize); // [1, 3, H, W]
  for (let channel = 0; channel < 3; channel++) {
    const levels = normalisedLevels(recipe.mean[channel]!, recipe.deviation[channel]!);
    pixels.fill(
      levels[place.ground?.[channel] ?? 0]!,
      channel * planeSize,
      (channel + 1) * planeSize,
    );
    let from = channel;
    for (let y = 0; y < image.height; y++) {
      let to = channel * planeSize + (place.top + y) * place.width + place.left;
      for (let x = 0; x < image.width; x++) {
        pixels[to++] = levels[image.data[from]!]!;
        from += 3;
      }
    }
  }
  return pixels;
}

/** What each grey level becomes; every step is rounded to 32 bits, as the reference's arrays are. */
function normalisedLevels(mean: number, deviation: number): Float32Array {
  const levels = new Float32Array(256);
  for (let level = 0; level < 256; level++) {
    const share = Math.fround(level * (1 / 255));
    levels[level] = Math.fround(share - Math.fround(mean)) / Math.fround(deviation);
  }
  return levels;
}
