/** Portable pixmaps, one behind the other, as ffmpeg writes frames into a pipe. */
import type { RgbImage } from '../images/decode-image.ts';

/** The head of an 8-bit binary pixmap, https://netpbm.sourceforge.net/doc/ppm.html, without comments. */
const head = /^P6\s([1-9]\d{0,4})\s([1-9]\d{0,4})\s255\s/;

/** Null where the bytes are none, or end within one. */
export function readPixmaps(bytes: Buffer): readonly RgbImage[] | null {
  const images: RgbImage[] = [];
  let at = 0;
  while (at < bytes.length) {
    const found = head.exec(bytes.toString('latin1', at, at + 32));
    if (!found) return null;
    const [width, height] = [Number(found[1]), Number(found[2])];
    const start = at + found[0].length;
    at = start + width * height * 3;
    if (at > bytes.length) return null;
    images.push({ width, height, data: bytes.subarray(start, at) });
  }
  return images;
}
