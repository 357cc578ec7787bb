/** To which size models of any resolution bring a picture: sides of whole patches, within a budget. */
import type {
  BothEdges,
  LongestEdge,
  PatchBudget,
  PatchRounding,
  PixelBudget,
  SameArea,
  SizeRule,
} from '#engine/node/host-step.ts';
import { roundHalfToEven } from '#engine/round-half-to-even.ts';
import type { PictureSize } from './tile-grids.ts';

/** Longer over shorter side of the longest picture that Qwen2-VL takes. */
export const longestRatio = 200;

export function ruledSize(size: PictureSize, rule: SizeRule): PictureSize {
  switch (rule.rule) {
    case 'pixels':
      return withinPixels(size, rule);
    case 'longest-edge':
      return withinEdge(size, rule);
    case 'edges':
      return betweenEdges(size, rule);
    case 'patches':
      return fillingPatches(size, rule);
    case 'area':
      return nearArea(size, rule);
  }
}

/** Source: transformers, Qwen2VLImageProcessor, smart_resize. */
function withinPixels(
  { width, height }: PictureSize,
  { patch, leastPixels, mostPixels }: Extract<SizeRule, PixelBudget>,
): PictureSize {
  const nearest = (length: number): number => roundHalfToEven(length / patch) * patch;
  const area = nearest(width) * nearest(height);
  if (area > mostPixels) {
    const shrinking = Math.sqrt((width * height) / mostPixels);
    const down = (length: number): number =>
      Math.max(patch, Math.floor(length / shrinking / patch) * patch);
    return { width: down(width), height: down(height) };
  }
  if (area < leastPixels) {
    const growth = Math.sqrt(leastPixels / (width * height));
    const up = (length: number): number => Math.ceil((length * growth) / patch) * patch;
    return { width: up(width), height: up(height) };
  }
  return { width: nearest(width), height: nearest(height) };
}

/** Source: transformers, PixtralImageProcessor, get_resize_output_image_size. */
function withinEdge(
  { width, height }: PictureSize,
  { patch, longestEdge }: Extract<SizeRule, LongestEdge>,
): PictureSize {
  const ratio = Math.max(width / longestEdge, height / longestEdge, 1);
  const up = (length: number): number =>
    Math.max(1, Math.ceil(Math.floor(length / ratio) / patch)) * patch;
  return { width: up(width), height: up(height) };
}

/** Source: transformers, Idefics2ImageProcessor, get_resize_output_image_size. */
function betweenEdges(
  { width, height }: PictureSize,
  { patch, longestEdge, shortestEdge }: Extract<SizeRule, BothEdges>,
): PictureSize {
  const proportions = width / height;
  const fitted =
    width >= height
      ? { width: longestEdge, height: Math.trunc(longestEdge / proportions) }
      : { width: Math.trunc(longestEdge * proportions), height: longestEdge };
  const shrunk = Math.max(width, height) > longestEdge ? fitted : { width, height };
  const side = (length: number): number =>
    partsOf(Math.max(length, shortestEdge), patch, 'down') * patch;
  return { width: side(shrunk.width), height: side(shrunk.height) };
}

/** Source: transformers, Siglip2ImageProcessor, get_image_size_for_max_num_patches, which halves a range of scales. */
function fillingPatches(
  { width, height }: PictureSize,
  { patch, mostPatches }: Extract<SizeRule, PatchBudget>,
): PictureSize {
  const precision = 1e-5;
  const up = (length: number): number => Math.max(1, Math.ceil(length / patch));
  let [low, high] = [precision / 10, 100];
  while (high - low >= precision) {
    const scale = (low + high) / 2;
    if (up(width * scale) * up(height * scale) <= mostPatches) low = scale;
    else high = scale;
  }
  return { width: up(width * low) * patch, height: up(height * low) * patch };
}

/** Source: LLaVA-UHD, slice_process.py, find_best_resize with upscaling; MiniCPM-V's differs in its rounding. */
function nearArea(
  { width, height }: PictureSize,
  { patch, areaSide, rounding }: Extract<SizeRule, SameArea>,
): PictureSize {
  const whole = (length: number): number => partsOf(length, patch, rounding) * patch;
  const proportions = width / height;
  const scaled = Math.trunc(areaSide / Math.sqrt(proportions));
  return { width: whole(Math.trunc(scaled * proportions)), height: whole(scaled) };
}

/** How many parts a length is cut into, at least one. */
export function partsOf(length: number, part: number, rounding: PatchRounding): number {
  const round = rounding === 'down' ? Math.floor : roundHalfToEven;
  return Math.max(1, round(length / part));
}
