/** Holds preprocessing to what transformers 5.17 recorded with its Pillow processors. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { PreprocessRecipe } from '#engine/node/host-step.ts';
import { decodeImage } from './decode-image.ts';
import { preprocess } from './preprocess.ts';

const recorded = join(import.meta.dirname, '..', '..', 'verify', 'recorded', 'preprocess');
const names = ['wide', 'tall', 'gray', 'alpha', 'palette', 'tiny'];
const triple = z.tuple([z.number(), z.number(), z.number()]);
const configSchema = z.object({
  size: z.object({ shortest_edge: z.int().optional(), height: z.int().optional() }),
  crop_size: z.object({ height: z.int(), width: z.int() }).optional(),
  do_pad: z.boolean().default(false),
  image_mean: triple,
  image_std: triple,
});

describe.each(['clip', 'clip-crop-pads', 'llava-pad', 'siglip'])('%s', (folder) => {
  test.each(names)('%s.png agrees to 1e-5', async (name) => {
    const recipe = await readRecipe(folder);
    const outcome = await decodeImage(join(recorded, folder, 'images', `${name}.png`));
    if (!outcome.ok) throw new Error(outcome.problems[0]?.message);
    const pixels = preprocess(outcome.value, recipe);
    const expected = await readTensor(folder, `out.pixel_values.${name}`);
    expect(recipe.crop ?? recipe.resizeTo).toEqual({
      height: expected.shape[2],
      width: expected.shape[3],
    });
    expect(pixels.length).toBe(expected.values.length);
    expect(largestDifference(pixels, expected.values)).toBeLessThanOrEqual(1e-5);
  });
});

test('the longest strip that can be decoded is padded without storing its square', () => {
  const strip = { width: 2, height: 65_535, data: new Uint8Array(2 * 65_535 * 3).fill(255) };
  const mean = [0.2, 0.4, 0.6] as const;
  const recipe: PreprocessRecipe = {
    padToSquare: true,
    filter: 'bicubic',
    resizeTo: 16,
    crop: { height: 16, width: 16 },
    mean,
    deviation: [1, 1, 1],
  };
  const pixels = preprocess(strip, recipe);
  // The first pixel is padding alone: the mean cut down to 51, 102 and 153 levels.
  const corner = [0, 1, 2].map((channel) => pixels[channel * 256]! + mean[channel]!);
  expect(corner.map((share) => Math.round(share * 255))).toEqual([51, 102, 153]);
});

async function readRecipe(folder: string): Promise<PreprocessRecipe> {
  const path = join(recorded, folder, 'preprocessor_config.json');
  const config = configSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  const { shortest_edge: shortestEdge, height = 0 } = config.size;
  return {
    padToSquare: config.do_pad,
    filter: 'bicubic',
    resizeTo: shortestEdge ?? { height, width: height },
    crop: config.crop_size ?? null,
    mean: config.image_mean,
    deviation: config.image_std,
  };
}

/** A safetensors file: length of the header in 8 bytes, the header as JSON, then the numbers. */
async function readTensor(
  folder: string,
  name: string,
): Promise<{ shape: number[]; values: Float32Array }> {
  const bytes = await readFile(join(recorded, folder, 'io.safetensors'));
  const headerEnd = 8 + Number(bytes.readBigUInt64LE(0));
  const header: unknown = JSON.parse(bytes.toString('utf8', 8, headerEnd));
  const tensor = z.object({
    dtype: z.literal('F32'),
    shape: z.array(z.int()),
    data_offsets: z.tuple([z.int(), z.int()]),
  });
  const { shape, data_offsets } = z.looseObject({ [name]: tensor }).parse(header)[name]!;
  const data = bytes.subarray(headerEnd + data_offsets[0], headerEnd + data_offsets[1]);
  return { shape, values: new Float32Array(Uint8Array.from(data).buffer) };
}

function largestDifference(actual: Float32Array, expected: Float32Array): number {
  return expected.reduce(
    (largest, value, index) => Math.max(largest, Math.abs(value - actual[index]!)),
    0,
  );
}
