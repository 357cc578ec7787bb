/** Turns a picture file into plain RGB bytes, the same bytes that Pillow's `convert('RGB')` gives. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { readRegularFile } from '../system/regular-file.ts';

/** Eight bits a channel, rows from top to bottom. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array; // [height, width, 3]
}

/** More than any common camera gives (108 million), and 400 MB as RGB: what a laptop can still hold. */
export const maxImagePixels = 2 ** 27;

/** The longest side that a JPEG can have; a longer strip shows a model nothing. */
export const maxImageSide = 65_535;

/** Holds any picture of that many pixels, even uncompressed with four channels of two bytes. */
export const maxImageFileBytes = 2 ** 30;

const readableFormats: ReadonlySet<string> = new Set([
  'png',
  'jpeg',
  'uhdr',
  'webp',
  'gif',
  'tiff',
  'heif',
]);
const chooseAnother = 'choose a PNG, JPEG, WebP, GIF, TIFF or AVIF picture';

/**
 * Reads one picture. Transparency is dropped without blending, an embedded colour profile is ignored, the
 * orientation that a camera noted is applied, and an animation gives its first frame, all as
 * `ImageOps.exif_transpose(Image.open(path)).convert('RGB')` does. Three things differ from Pillow: 16-bit greys
 * are scaled to eight bits, not clipped; fully transparent pixels of a GIF are black, because the decoder does
 * not tell their palette colour; and the colours of an AVIF may differ a little, as its decoder is another one.
 *
 * Fails with `image-unreadable` for a path that is no readable picture file, and for one above the limits.
 */
export async function decodeImage(path: string): Promise<Outcome<RgbImage>> {
  const name = basename(path) || path;
  const file = await readPictureFile(path, name);
  return file.ok ? decodePixels(file.value, name) : file;
}

/** Reads the bytes first: the decoder keeps a cache by file name, which would show a changed file as it was. */
export async function readPictureFile(path: string, name: string): Promise<Outcome<Buffer>> {
  try {
    const facts = await stat(path);
    if (facts.isDirectory()) return unreadable(`"${name}" is a folder; ${chooseAnother}.`);
    if (!facts.isFile()) return unreadable(`"${name}" is not a regular file; ${chooseAnother}.`);
    if (facts.size === 0) return unreadable(`"${name}" is empty; ${chooseAnother}.`);
    if (facts.size > maxImageFileBytes) {
      const sizeMb = Math.ceil(facts.size / 1e6);
      const limitMb = Math.floor(maxImageFileBytes / 1e6);
      return unreadable(
        `"${name}" has ${sizeMb} MB, more than the ${limitMb} MB of the largest picture file read; save it smaller.`,
      );
    }
    return ok(await readRegularFile(path));
  } catch (cause) {
    return unreadable(openingProblem(name, cause));
  }
}

function openingProblem(name: string, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `There is no file "${name}" at this place; ${chooseAnother}.`;
    case 'EACCES':
    case 'EPERM':
      return `"${name}" may not be read by this user; allow it or ${chooseAnother}.`;
    default:
      return `"${name}" cannot be opened (${code}); check the path or ${chooseAnother}.`;
  }
}

/** Frames of an animation, pages of a document; 1 for a plain picture. */
export async function countPages(file: Buffer, name: string): Promise<Outcome<number>> {
  const facts = await readHeader(file, name, 0);
  return facts.ok ? ok(facts.value.pages ?? 1) : facts;
}

/** As `decodeImage`, of the bytes of a file; `name` is what problems call it. Of an animation, one page from 0. */
export async function decodePixels(
  file: Buffer,
  name: string,
  page = 0,
): Promise<Outcome<RgbImage>> {
  const facts = await readHeader(file, name, page);
  if (!facts.ok) return facts;
  const problem = headerProblem(facts.value, name);
  if (problem !== null) return unreadable(problem);
  const isCmyk = facts.value.space === 'cmyk';
  const pipeline = open(file, page).autoOrient().removeAlpha();
  if (isCmyk) pipeline.pipelineColourspace('cmyk').toColourspace('cmyk');
  try {
    const { data, info } = await pipeline
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== (isCmyk ? 4 : 3)) return damaged(name);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const rgb = isCmyk ? rgbFromCmyk(bytes) : bytes;
    return ok({ width: info.width, height: info.height, data: rgb });
  } catch {
    return damaged(name);
  }
}

async function readHeader(file: Buffer, name: string, page: number): Promise<Outcome<Metadata>> {
  try {
    return ok(await open(file, page).metadata());
  } catch (cause) {
    const isForeign = cause instanceof Error && cause.message.includes('unsupported image format');
    return isForeign
      ? unreadable(`"${name}" is not a picture that can be read; ${chooseAnother}.`)
      : damaged(name);
  }
}

function headerProblem(facts: Metadata, name: string): string | null {
  const { format, compression, width, height } = facts;
  if (!readableFormats.has(format) || compression === 'hevc') {
    const kind = compression === 'hevc' ? 'HEIC' : format.toUpperCase();
    return `"${name}" is a file of the kind ${kind}, which is not read; ${chooseAnother}.`;
  }
  if (Math.max(width, height) > maxImageSide || width * height > maxImagePixels) {
    const limits = `${maxImageSide} a side and ${Math.floor(maxImagePixels / 1e6)} million in all`;
    return `"${name}" has ${width} × ${height} pixels, more than the limit of ${limits}; scale it down first.`;
  }
  return null;
}

/** `failOn` refuses what is cut short but, as Pillow, passes what a decoder merely warns about. */
function open(file: Buffer, page: number): Sharp {
  return sharp(file, {
    ignoreIcc: true,
    failOn: 'error',
    limitInputPixels: false,
    ...(page > 0 && { page }),
  });
}

function damaged(name: string): Outcome<never> {
  return unreadable(`"${name}" is damaged or cut short; get the file again or ${chooseAnother}.`);
}

function unreadable(sentence: string): Outcome<never> {
  return fail(error('image-unreadable', sentence));
}

/** The plain product of ink and black, as Pillow; a colour-managed conversion would give other bytes. */
function rgbFromCmyk(cmyk: Uint8Array): Uint8Array {
  const pixelCount = cmyk.length / 4;
  const rgb = new Uint8Array(pixelCount * 3);
  for (let pixel = 0; pixel < pixelCount; pixel++) {
    const paper = 255 - cmyk[pixel * 4 + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      const product = cmyk[pixel * 4 + channel]! * paper + 128;
      rgb[pixel * 3 + channel] = paper - (((product >> 8) + product) >> 8); // exact division by 255
    }
  }
  return rgb;
}
