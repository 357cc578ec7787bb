/** Pictures for a page: previews of those that a graph names, and copies of those that came without a path. */
import { stat } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import sharp from 'sharp';
import {
  fileLimits,
  type Picture,
  type PictureRequest,
  type PictureUpload,
} from '#engine/contract/file-service.ts';
import type { ShownSource } from '#engine/contract/sources.ts';
import { formatBytes } from '#engine/contract/format.ts';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { decodePixels, type RgbImage } from '../images/decode-image.ts';
import { previewUrl } from '../images/preview-url.ts';
import { loadClip } from '../clips/load-clip.ts';
import { loadImage } from '../images/load-image.ts';
import { writeKeptBytes } from './kept-json.ts';
import { Turns } from './turns.ts';

/** Nobody waits longer for the first frame of a video. */
const previewDeadlineMs = 20_000;

/** Named after what the file is, not after what it is called. */
const extensions: Readonly<Record<string, string>> = {
  jpeg: 'jpg',
  uhdr: 'jpg',
  tiff: 'tif',
  heif: 'avif',
};

export class Pictures {
  readonly #folder: string;
  /** A decoded photograph may take 400 MB: one at a time. */
  readonly #turns = new Turns();

  constructor(folder: string) {
    this.#folder = join(folder, 'pictures');
  }

  /** Fails with `file-too-large`, `image-unreadable` or `file-unwritable`. */
  keep({ name, base64 }: PictureUpload): Promise<Outcome<{ readonly path: string }>> {
    return this.#turns.take(async () => {
      const bytes = Buffer.from(base64, 'base64');
      if (bytes.length > fileLimits.pictureBytes) return tooLarge(name, bytes.length);
      if (bytes.length === 0) {
        const message = `"${name}" is empty; choose a PNG, JPEG, WebP, GIF, TIFF or AVIF picture.`;
        return fail(error('image-unreadable', message));
      }
      const decoded = await decodePixels(bytes, name);
      if (!decoded.ok) return decoded;
      const { format } = await sharp(bytes).metadata();
      const path = join(this.#folder, `${sha256(bytes)}.${extensions[format] ?? format}`);
      const present = await stat(path).catch(() => null);
      if (present?.size === bytes.length) return ok({ path });
      const written = await writeKeptBytes(path, bytes);
      return written.ok ? ok({ path }) : written;
    });
  }

  preview({ source, baseFolder, maxSide }: PictureRequest): Promise<Outcome<Picture>> {
    return this.#turns.take(async () => {
      const image = await loadShown(source, baseFolder ?? process.cwd());
      if (!image.ok) return image;
      const { width, height } = image.value;
      return ok({ width, height, dataUrl: await previewUrl(image.value, maxSide) });
    });
  }
}

/** A picture, or the first frame of a clip. */
async function loadShown(source: ShownSource, baseFolder: string): Promise<Outcome<RgbImage>> {
  if (source.kind !== 'clip' && source.kind !== 'moving-scene')
    return loadImage(source, baseFolder);
  const frames = await loadClip(source, 1, { baseFolder, deadlineMs: previewDeadlineMs });
  return frames.ok ? ok(frames.value[0] as RgbImage) : frames;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function tooLarge(name: string, bytes: number): Outcome<never> {
  const limit = formatBytes(fileLimits.pictureBytes);
  const message = `"${name}" has ${formatBytes(bytes)}, more than the ${limit} that are kept; choose the file by its path, or save it smaller.`;
  return fail(error('file-too-large', message));
}
