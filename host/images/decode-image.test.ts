/** Holds the decoder to what Pillow 12.3 read from the same files, and its refusals to sentences one can act on. */
import { createHash } from 'node:crypto';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { decodeImage, type RgbImage } from './decode-image.ts';

const recorded = join(import.meta.dirname, '..', '..', 'verify', 'recorded');
const recordSchema = z.object({
  file: z.string(),
  width: z.int(),
  height: z.int(),
  sha256: z.string(),
  rgb: z.base64().optional(),
});
const records = z
  .array(recordSchema)
  .parse(JSON.parse(await readFile(join(recorded, 'decode/pillow.json'), 'utf8')));

async function decode(path: string): Promise<RgbImage> {
  const outcome = await decodeImage(path);
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  return outcome.value;
}

describe('a picture has the bytes that Pillow reads', () => {
  const exact = records.filter(({ file }) => !file.endsWith('.avif'));
  test.each(exact)('$file', async ({ file, width, height, sha256 }) => {
    const image = await decode(join(recorded, file));
    const hash = createHash('sha256').update(image.data).digest('hex');
    expect({ width: image.width, height: image.height, hash }).toEqual({
      width,
      height,
      hash: sha256,
    });
  });

  test('but an AVIF only to one grey level', async () => {
    const record = records.find(({ file }) => file.endsWith('.avif'))!;
    const image = await decode(join(recorded, record.file));
    const expected = Buffer.from(record.rgb!, 'base64');
    expect(image.data.length).toBe(expected.length);
    const differences = expected.map((level, index) => Math.abs(level - image.data[index]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
  });
});

describe('what is no readable picture is refused with its name and a way out', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchbay-pictures-'));
    const png = await readFile(join(recorded, 'preprocess/clip/images/wide.png'));
    const jpeg = await readFile(join(recorded, 'decode/progressive.jpg'));
    const tiff = await readFile(join(recorded, 'decode/lzw.tif'));
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>';
    await writeFile(join(folder, 'empty.png'), '');
    await writeFile(join(folder, 'text.png'), 'This is a letter, not a picture.\n'.repeat(40));
    await writeFile(join(folder, 'half.png'), png.subarray(0, png.length >> 1));
    await writeFile(join(folder, 'end-missing.jpg'), jpeg.subarray(0, jpeg.length - 40));
    await writeFile(join(folder, 'vast.png'), withSides(png, 30_000, 30_000));
    await writeFile(join(folder, 'strip.png'), withSides(png, 100_000, 1));
    await writeFile(join(folder, 'drawing.svg'), svg);
    await writeFile(join(folder, 'cut.tif'), tiff.subarray(0, 60));
    await mkdir(join(folder, 'album.png'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const another = 'choose a PNG, JPEG, WebP, GIF, TIFF or AVIF picture.';
  test.each([
    ['gone.png', `There is no file "gone.png" at this place; ${another}`],
    ['text.png/inside.png', `There is no file "inside.png" at this place; ${another}`],
    ['album.png', `"album.png" is a folder; ${another}`],
    ['empty.png', `"empty.png" is empty; ${another}`],
    ['text.png', `"text.png" is not a picture that can be read; ${another}`],
    ['cut.tif', `"cut.tif" is not a picture that can be read; ${another}`],
    ['drawing.svg', `"drawing.svg" is a file of the kind SVG, which is not read; ${another}`],
    ['half.png', `"half.png" is damaged or cut short; get the file again or ${another}`],
    [
      'end-missing.jpg',
      `"end-missing.jpg" is damaged or cut short; get the file again or ${another}`,
    ],
    [
      'vast.png',
      '"vast.png" has 30000 × 30000 pixels, more than the limit of 65535 a side and 134 million in all; scale it down first.',
    ],
    [
      'strip.png',
      '"strip.png" has 100000 × 1 pixels, more than the limit of 65535 a side and 134 million in all; scale it down first.',
    ],
    [
      'a\0b.png',
      `"a\\u0000b.png" cannot be opened (ERR_INVALID_ARG_VALUE); check the path or ${another}`,
    ],
  ])('%j', async (file, message) => {
    expect(await decodeImage(join(folder, file))).toEqual({
      ok: false,
      problems: [{ code: 'image-unreadable', severity: 'error', message }],
    });
  });
});

/** The same PNG with other sides in its header, and the checksum mended. */
function withSides(png: Buffer, width: number, height: number): Buffer {
  const changed = Buffer.from(png);
  changed.writeUInt32BE(width, 16);
  changed.writeUInt32BE(height, 20);
  changed.writeUInt32BE(checksum(changed.subarray(12, 29)), 29);
  return changed;
}

/** CRC-32 as in PNG, bit by bit. */
function checksum(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
    }
  }
  return (remainder ^ 0xffffffff) >>> 0;
}
