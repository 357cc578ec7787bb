/** Writes RGB bytes as a PNG, for the pictures that the app draws itself. */
import sharp from 'sharp';
import type { RgbImage } from './decode-image.ts';

/** Lossless: decoding the bytes gives the same picture again. */
export async function encodePng({ width, height, data }: RgbImage): Promise<Uint8Array> {
  const raw = { width, height, channels: 3 } as const;
  return sharp(data, { raw }).png({ compressionLevel: 9 }).toBuffer();
}
