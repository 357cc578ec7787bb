/** What every kind of clip offers to the one who chooses frames of it. */
import { fail, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { RgbImage } from '../images/decode-image.ts';

export interface OpenClip {
  countFrames(): Promise<Outcome<number>>;
  /** The frames at these places, ascending, counted from 0. All have one size. */
  framesAt(places: readonly number[]): Promise<Outcome<readonly RgbImage[]>>;
}

/** Of all frames taken together, 800 MB as RGB: twice the largest picture. */
export const maxClipPixels = 2 ** 28;

export const chooseAnotherClip =
  'choose a folder of PNG, JPEG, WebP or TIFF frames, an animated GIF or WebP, or a video file';

export function unreadableClip(sentence: string): Outcome<never> {
  return fail(error('clip-unreadable', sentence, { param: 'source' }));
}

/** Too many pixels for so many frames like this one, or null. */
export function clipSizeProblem(
  name: string,
  { width, height }: Pick<RgbImage, 'width' | 'height'>,
  count: number,
): string | null {
  if (width * height * count <= maxClipPixels) return null;
  const limit = `${Math.floor(maxClipPixels / 1e6)} million`;
  return `${count} frames of "${name}" with ${width} × ${height} pixels are more than the limit of ${limit} pixels in all; take fewer, or scale the clip down first.`;
}
