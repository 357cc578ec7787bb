/** An animated GIF or WebP as a clip. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import { countPages, decodePixels, readPictureFile } from '../images/decode-image.ts';
import { decodeInTurn, unreadableClip, type DecodingBounds, type OpenClip } from './open-clip.ts';

/** The first bytes of a file that can be one. */
export function isAnimation(head: Buffer): boolean {
  const text = head.toString('latin1');
  return text.startsWith('GIF8') || (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP');
}

/** Reads the file, but decodes nothing of it yet; later only the pages that are asked for. */
export async function openAnimation(
  path: string,
  name: string,
  bounds: DecodingBounds,
): Promise<Outcome<OpenClip>> {
  const file = await readPictureFile(path, name);
  if (!file.ok) return unreadableClip(file.problems[0]?.message ?? '');
  return ok({
    async countFrames() {
      const pages = await countPages(file.value, name);
      return pages.ok ? pages : unreadableClip(pages.problems[0]?.message ?? '');
    },
    // A page is drawn over those before it, so each takes as long as all of them.
    framesAt: (places) =>
      decodeInTurn(name, places, bounds, (place) => decodePixels(file.value, name, place)),
  });
}
