/** What preprocessing takes from the configurations of published processors. */
import { describe, expect, it } from 'vitest';
import type { ConfigFileName, ConfigFiles, JsonObject } from '#engine/contract/config-files.ts';
import { config, read, refusal, taken } from '#verify/taking-config.testing.ts';
import { catalogue } from '../index.ts';

describe('an image processor', () => {
  const processor = (name: string, changes: JsonObject = {}): ConfigFiles => ({
    'preprocessor_config.json': {
      ...(read(`preprocess/${name}/case.json`)['config'] as JsonObject),
      ...changes,
    },
  });
  const preprocess = catalogue['vision/preprocess'];

  it('is a crop, a padding or a squash', () => {
    expect(taken(preprocess, processor('clip-crop-pads'))).toMatchObject({
      value: { params: { geometry: 'crop', resizeTo: 24, size: 33, width: 29 } },
    });
    expect(taken(preprocess, processor('llava-pad'))).toMatchObject({
      value: { params: { geometry: 'pad', size: 28, normalisation: 'clip' } },
    });
    expect(taken(preprocess, processor('siglip'))).toMatchObject({
      value: { params: { geometry: 'squash', size: 28, normalisation: 'half' } },
    });
  });

  it('pads where the model beside it says so, as the first LLaVA does', () => {
    const files = {
      ...processor('clip', { size: 336, crop_size: 336 }),
      ...config({ image_aspect_ratio: 'pad' }),
    };
    expect(taken(preprocess, files)).toMatchObject({
      value: { params: { geometry: 'pad', size: 336 } },
    });
  });

  it('is found within the processor of text and pictures', () => {
    const files = {
      'processor_config.json': {
        image_processor: processor('siglip')['preprocessor_config.json']!,
      },
    };
    expect(taken(preprocess, files)).toMatchObject({
      value: { file: 'processor_config.json' satisfies ConfigFileName },
    });
  });

  it('of tiles says the grids that they fill, in rows and columns', () => {
    const tiles = catalogue['vision/anyres-tiles'];
    expect(taken(tiles, processor('llava-next-anyres'))).toMatchObject({
      value: {
        params: { grids: '1×2, 2×1, 2×2, 3×1, 1×3', size: 20, normalisation: 'clip' },
        took: ['LlavaNextImageProcessor', '5 grids of tiles', '20 px'],
      },
    });
    const uneven = processor('llava-next-anyres', { image_grid_pinpoints: [[20, 50]] });
    expect(refusal(tiles, uneven)).toMatch(/A picture of 20 × 50 in tiles of 20 px/);
    expect(refusal(tiles, processor('clip'))).toMatch(/no AnyRes tiling; .* "CLIPImageProcessor"/);
  });

  it('of other tiles says how many there may be', () => {
    expect(taken(catalogue['vision/dynamic-tiles'], processor('internvl-tiles'))).toMatchObject({
      value: { params: { leastTiles: 1, mostTiles: 4, size: 22, normalisation: 'imagenet' } },
    });
    expect(taken(catalogue['vision/split-tiles'], processor('smolvlm-split'))).toMatchObject({
      value: { params: { splits: true, longestEdge: 40, size: 20, normalisation: 'half' } },
    });
    const gemma = processor('gemma3-pan-and-scan');
    expect(taken(catalogue['vision/pan-and-scan'], gemma)).toMatchObject({
      value: { params: { mostCrops: 4, leastCrop: 16, leastRatio: 1.2, size: 24 } },
    });
    expect(refusal(preprocess, gemma)).toMatch(/take it with Pan and scan/);
    const whole = processor('gemma3-pan-and-scan', { do_pan_and_scan: null });
    expect(taken(preprocess, whole)).toMatchObject({
      value: { params: { geometry: 'squash', filter: 'bilinear', size: 24 } },
    });
  });

  it('of Janus fits a picture into a square of the mean colour', () => {
    expect(taken(preprocess, processor('janus'))).toMatchObject({
      value: { params: { geometry: 'fit', size: 28, shortest: 8, filter: 'bicubic' } },
    });
    const black = processor('janus', { background_color: [0, 0, 0] });
    expect(refusal(preprocess, black)).toMatch(/Padding with the colour 0, 0, 0/);
  });

  it('that resizes otherwise, or normalises as none here, is refused', () => {
    expect(refusal(preprocess, processor('clip', { resample: 0 }))).toMatch(
      /filter 0 is not built/,
    );
    const nearest = processor('llava-next-anyres', { resample: 2 });
    expect(refusal(catalogue['vision/anyres-tiles'], nearest)).toMatch(/filter 2, not bicubic/);
    expect(refusal(preprocess, processor('clip', { image_mean: [0.1, 0.2, 0.3] }))).toMatch(
      /mean 0\.1, 0\.2, 0\.3/,
    );
    expect(
      refusal(preprocess, processor('clip', { image_processor_type: 'PixtralImageProcessor' })),
    ).toMatch(/Pixtral/);
  });
});
