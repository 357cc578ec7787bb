/** What every kind of clip offers to the one who chooses frames of it. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { RgbImage } from '../images/decode-image.ts';

export interface OpenClip {
  countFrames(): Promise<Outcome<number>>;
  /** The frames at these places, ascending, counted from 0. All have one size. */
  framesAt(places: readonly number[]): Promise<Outcome<readonly RgbImage[]>>;
}

export interface DecodingBounds {
  /** Ends the decoding; it fails with `run-cancelled`. */
  readonly signal: AbortSignal;
  /** For one turn over the clip; a video has one to count its frames and one to take some out. */
  readonly deadlineMs: number;
}

/** Half an hour of common video is decoded in that time. */
export const decodingDeadlineMs = 180_000;

/** Of all frames taken together, 800 MB as RGB: twice the largest picture. */
export const maxClipPixels = 2 ** 28;

export const chooseAnotherClip =
  'choose a folder of PNG, JPEG, WebP or TIFF frames, an animated GIF or WebP, or a video file';

export function unreadableClip(sentence: string): Outcome<never> {
  return fail(error('clip-unreadable', sentence, { param: 'source' }));
}

export function tookTooLong(name: string): Outcome<never> {
  return unreadableClip(
    `Decoding "${name}" took too long and was stopped; cut the clip shorter, or scale it down.`,
  );
}

export function cancelled(): Outcome<never> {
  return fail(error('run-cancelled', 'The run was cancelled.'));
}

/**
 * Decodes one frame after the other, as long as that is wanted. Fails with what `frameAt` says of a frame, and where all
 * together would have too many pixels.
 */
export async function decodeInTurn(
  name: string,
  places: readonly number[],
  { signal, deadlineMs }: DecodingBounds,
  frameAt: (place: number) => Promise<Outcome<RgbImage>>,
): Promise<Outcome<readonly RgbImage[]>> {
  const endMs = performance.now() + deadlineMs;
  const frames: RgbImage[] = [];
  for (const place of places) {
    if (signal.aborted) return cancelled();
    if (frames.length > 0 && performance.now() > endMs) return tookTooLong(name);
    const frame = await frameAt(place);
    if (!frame.ok) return unreadableClip(frame.problems[0]?.message ?? '');
    const problem = clipSizeProblem(name, frame.value, places.length);
    if (problem !== null) return unreadableClip(problem);
    frames.push(frame.value);
  }
  return ok(frames);
}

/** Too many pixels for so many frames like this one, or null. */
function clipSizeProblem(
  name: string,
  { width, height }: Pick<RgbImage, 'width' | 'height'>,
  count: number,
): string | null {
  if (width * height * count <= maxClipPixels) return null;
  const limit = `${Math.floor(maxClipPixels / 1e6)} million`;
  return `${count} frames of "${name}" with ${width} × ${height} pixels are more than the limit of ${limit} pixels in all; take fewer, or scale the clip down first.`;
}
