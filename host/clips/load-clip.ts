/** The clip that a graph names, as the frames that are taken of it. */
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { ClipSource } from '#engine/contract/sources.ts';
import type { RgbImage } from '../images/decode-image.ts';
import { openRegularFile } from '../system/regular-file.ts';
import { isAnimation, openAnimation } from './animation.ts';
import { evenFrames } from './even-frames.ts';
import { openFrameFolder } from './frame-folder.ts';
import { openMovingScene } from './moving-scene.ts';
import {
  chooseAnotherClip,
  decodingDeadlineMs,
  unreadableClip,
  type DecodingBounds,
  type OpenClip,
} from './open-clip.ts';
import { openVideoFile } from './video-file.ts';

export interface ClipBounds extends Partial<DecodingBounds> {
  /** Relative paths are taken from here. */
  readonly baseFolder: string;
}

/**
 * `count` frames, evenly over the clip; a shorter clip gives some several times. Only those are decoded, of a video all
 * up to the last of them. Fails with `clip-missing`, `clip-unreadable` or `run-cancelled`.
 */
export async function loadClip(
  source: ClipSource,
  count: number,
  bounds: ClipBounds,
): Promise<Outcome<readonly RgbImage[]>> {
  if (source.kind === 'none')
    return fail(
      error('clip-missing', 'No clip is chosen; choose one in the Video node.', {
        param: 'source',
      }),
    );
  const clip =
    source.kind === 'moving-scene'
      ? ok(openMovingScene(source.seed))
      : await openClip(resolve(bounds.baseFolder, source.path), bounds);
  if (!clip.ok) return clip;
  // The first alone needs no count.
  const total = count === 1 ? ok(1) : await clip.value.countFrames();
  if (!total.ok) return total;
  const places = evenFrames(total.value, count);
  const distinct = [...new Set(places)];
  const frames = await clip.value.framesAt(distinct);
  if (!frames.ok) return frames;
  return ok(places.map((place) => frames.value[distinct.indexOf(place)] as RgbImage));
}

async function openClip(
  path: string,
  { signal = new AbortController().signal, deadlineMs = decodingDeadlineMs }: ClipBounds,
): Promise<Outcome<OpenClip>> {
  const name = basename(path) || path;
  const bounds = { signal, deadlineMs };
  const facts = await stat(path).catch((cause: NodeJS.ErrnoException) => cause);
  if (facts instanceof Error)
    return unreadableClip(`There is no clip "${name}" at this place; ${chooseAnotherClip}.`);
  if (facts.isDirectory()) return openFrameFolder(path, bounds);
  if (!facts.isFile())
    return unreadableClip(`"${name}" is neither a file nor a folder; ${chooseAnotherClip}.`);
  if (facts.size === 0) return unreadableClip(`"${name}" is empty; ${chooseAnotherClip}.`);
  const head = await firstBytes(path);
  if (head === null)
    return unreadableClip(
      `"${name}" may not be read by this user; allow it or ${chooseAnotherClip}.`,
    );
  if (isAnimation(head)) return openAnimation(path, name, bounds);
  if (isPicture(head))
    return unreadableClip(
      `"${name}" is a single picture; wire it to an Image node, or ${chooseAnotherClip}.`,
    );
  return ok(openVideoFile(path, name, bounds));
}

async function firstBytes(path: string): Promise<Buffer | null> {
  try {
    const file = await openRegularFile(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(12), 0, 12, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}

/** PNG, JPEG or TIFF. */
function isPicture(head: Buffer): boolean {
  const text = head.toString('latin1');
  return ['\u0089PNG', '\u00ff\u00d8\u00ff', 'II*\0', 'MM\0*'].some((start) =>
    text.startsWith(start),
  );
}
