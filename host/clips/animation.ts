/** An animated GIF or WebP as a clip. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import {
  countPages,
  decodePixels,
  readPictureFile,
  type RgbImage,
} from '../images/decode-image.ts';
import { clipSizeProblem, unreadableClip, type OpenClip } from './open-clip.ts';

/** The first bytes of a file that can be one. */
export function isAnimation(head: Buffer): boolean {
  const text = head.toString('latin1');
  return text.startsWith('GIF8') || (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP');
}

/** Reads the file, but decodes nothing of it yet; later only the pages that are asked for. */
export async function openAnimation(path: string, name: string): Promise<Outcome<OpenClip>> {
  const file = await readPictureFile(path, name);
  if (!file.ok) return unreadableClip(file.problems[0]?.message ?? '');
  return ok({
    async countFrames() {
      const pages = await countPages(file.value, name);
      return pages.ok ? pages : unreadableClip(pages.problems[0]?.message ?? '');
    },
    async framesAt(places) {
      const frames: RgbImage[] = [];
      for (const place of places) {
        const frame = await decodePixels(file.value, name, place);
        if (!frame.ok) return unreadableClip(frame.problems[0]?.message ?? '');
        const problem = clipSizeProblem(name, frame.value, places.length);
        if (problem !== null) return unreadableClip(problem);
        frames.push(frame.value);
      }
      return ok(frames);
    },
  });
}
