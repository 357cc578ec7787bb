/** A picture as a page draws it: a data URL of WebP, no larger than it has to be. */
import sharp from 'sharp';
import type { RgbImage } from './decode-image.ts';

/** A smaller preview is sent without loss: drawn edges show what a lossy format does to them. */
const losslessPixels = 256 * 256;

/** `maxSide` bounds the longer side in pixels; small pictures stay as they are. */
export async function previewUrl(
  { width, height, data }: RgbImage,
  maxSide: number,
): Promise<string> {
  const small = sharp(data, {
    raw: { width, height, channels: 3 },
    limitInputPixels: false,
  }).resize({
    width: maxSide,
    height: maxSide,
    fit: 'inside',
    withoutEnlargement: true,
  });
  const scale = Math.min(1, maxSide / Math.max(width, height));
  const lossless = width * height * scale ** 2 <= losslessPixels;
  const bytes = await small.webp({ lossless, quality: 85 }).toBuffer();
  return `data:image/webp;base64,${bytes.toString('base64')}`;
}
