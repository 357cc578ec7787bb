/** Holds the resizer to Pillow 12.3, byte for byte, and its shortcuts to the long way round. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { decodeImage, type RgbImage } from './decode-image.ts';
import { resizeWindow } from './resample.ts';

const recorded = join(import.meta.dirname, '..', '..', 'verify', 'recorded');
const records = z
  .array(z.object({ file: z.string(), width: z.int(), height: z.int(), sha256: z.string() }))
  .parse(JSON.parse(await readFile(join(recorded, 'resize/pillow.json'), 'utf8')));

test.each(records)('$file to $width × $height is what Pillow gives', async (record) => {
  const outcome = await decodeImage(join(recorded, record.file));
  if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
  const resized = resizeBicubic(outcome.value, record.width, record.height);
  expect(createHash('sha256').update(resized.data).digest('hex')).toBe(record.sha256);
});

const resizeBicubic = (image: RgbImage, width: number, height: number): RgbImage =>
  resizeWindow(image, width, height, { left: 0, top: 0, width, height });

const side = fc.integer({ min: 1, max: 40 });
const imageOf = (width: number, height: number): fc.Arbitrary<RgbImage> =>
  fc
    .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
    .map((data) => ({ width, height, data }));
const anyImage = fc.tuple(side, side).chain(([width, height]) => imageOf(width, height));

test('a window is what cutting it out of the whole would give', () => {
  fc.assert(
    fc.property(anyImage, side, side, fc.gen(), (image, width, height, gen) => {
      const left = gen(fc.integer, { max: width - 1, min: 0 });
      const top = gen(fc.integer, { max: height - 1, min: 0 });
      const window = {
        left,
        top,
        width: gen(fc.integer, { max: width - left, min: 1 }),
        height: gen(fc.integer, { max: height - top, min: 1 }),
      };
      const whole = resizeBicubic(image, width, height);
      expect(resizeWindow(image, width, height, window).data).toEqual(cut(whole, window));
    }),
  );
});

test('a canvas is what padding the picture beforehand would give', () => {
  const margins = fc.tuple(side, side, side, side);
  const colour = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255));
  fc.assert(
    fc.property(anyImage, margins, colour, side, side, (image, around, grey, width, height) => {
      const [left, top, right, bottom] = around;
      const canvas = {
        width: left + image.width + right,
        height: top + image.height + bottom,
        left,
        top,
        colour: grey,
      };
      const whole = { left: 0, top: 0, width, height };
      const padded = pad(image, canvas);
      expect(resizeWindow(image, width, height, whole, { canvas })).toEqual(
        resizeBicubic(padded, width, height),
      );
    }),
  );
});

function cut(
  { width, data }: RgbImage,
  window: { left: number; top: number; width: number; height: number },
): Uint8Array {
  const rows = Array.from({ length: window.height }, (_, y) => {
    const from = ((window.top + y) * width + window.left) * 3;
    return [...data.subarray(from, from + window.width * 3)];
  });
  return Uint8Array.from(rows.flat());
}

function pad(
  image: RgbImage,
  canvas: { width: number; height: number; left: number; top: number; colour: number[] },
): RgbImage {
  const { width, height, colour } = canvas;
  const data = Uint8Array.from({ length: width * height * 3 }, (_, index) => colour[index % 3]!);
  for (let y = 0; y < image.height; y++) {
    const row = image.data.subarray(y * image.width * 3, (y + 1) * image.width * 3);
    data.set(row, ((canvas.top + y) * width + canvas.left) * 3);
  }
  return { width, height, data };
}
