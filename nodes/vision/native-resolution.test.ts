import { describe, expect, it } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument, type NodeSketch } from '#engine/graph/sketch-document.ts';
import type { PreprocessRecipe } from '#engine/node/host-step.ts';
import { unplannedPicture } from '#host/stages/unplanned-picture.ts';
import { read, refusal, taken } from '#verify/taking-config.testing.ts';
import type { JsonObject } from '#engine/contract/config-files.ts';
import { catalogue } from '../index.ts';
import { ruledSize } from './size-rules.ts';

const size = (width: number, height: number) => ({ width, height });
const budget = {
  rule: 'pixels',
  patch: 28,
  leastPixels: 3136,
  mostPixels: 1_003_520,
} as const;

describe('a picture becomes one of whole patches', () => {
  it('within a budget of pixels, halves of a patch to the even side', () => {
    expect(ruledSize(size(640, 480), budget)).toEqual(size(644, 476));
    expect(ruledSize(size(70, 42), budget)).toEqual(size(56, 56));
    expect(ruledSize(size(2000, 1500), budget)).toEqual(size(1148, 840));
    expect(ruledSize(size(10, 10), budget)).toEqual(size(56, 56));
    expect(ruledSize(size(20_000, 120), budget)).toEqual(size(12_908, 56));
  });

  it('up to a longest edge', () => {
    const rule = { rule: 'longest-edge', patch: 16, longestEdge: 1024 } as const;
    expect(ruledSize(size(2048, 1000), rule)).toEqual(size(1024, 512));
    expect(ruledSize(size(33, 1), rule)).toEqual(size(48, 16));
    expect(ruledSize(size(5000, 1), rule)).toEqual(size(1024, 16));
  });

  it('between a longest edge and a shortest, which squashes what is very long', () => {
    const rule = { rule: 'edges', patch: 1, longestEdge: 980, shortestEdge: 378 } as const;
    expect(ruledSize(size(2000, 1000), rule)).toEqual(size(980, 490));
    expect(ruledSize(size(1000, 3000), rule)).toEqual(size(378, 980));
    expect(ruledSize(size(600, 500), rule)).toEqual(size(600, 500));
    expect(ruledSize(size(90, 61), { ...rule, patch: 14 })).toEqual(size(378, 378));
  });

  it('of as many patches as there may be', () => {
    const rule = { rule: 'patches', patch: 16, mostPatches: 256 } as const;
    expect(ruledSize(size(100, 100), rule)).toEqual(size(256, 256));
    const { width, height } = ruledSize(size(1000, 300), rule);
    expect((width / 16) * (height / 16)).toBeLessThanOrEqual(256);
    expect((width / 16) * (height / 16)).toBeGreaterThan(230);
  });
});

it('a picture of about as many pixels as a square is cut to whole patches', () => {
  const rule = { rule: 'area', patch: 14, areaSide: 448, rounding: 'down' } as const;
  expect(ruledSize(size(1000, 500), rule)).toEqual(size(630, 308));
  expect(ruledSize(size(20, 10), rule)).toEqual(size(630, 308));
  // 632 × 316 before: 45.1 and 22.6 patches.
  const nearest = { ...rule, rounding: 'nearest' } as const;
  expect(ruledSize(size(1000, 500), nearest)).toEqual(size(630, 322));
});

describe('the node', () => {
  const nodes = (params: JsonObject): Record<string, NodeSketch> => ({
    image: ['input/image'],
    pixels: ['vision/native-resolution', params],
    encoder: ['encoder/siglip', { positions: 'interpolated' }],
  });
  const wires = ['image.image > pixels.image', 'pixels.pixels > encoder.pixels'];
  const check = (params: JsonObject) => checkGraph(sketchDocument(nodes(params), wires), catalogue);

  it('says the size of what goes out, and the encoder its grid', () => {
    const checked = check({ pictureWidth: 640, pictureHeight: 480 });
    expect(checked.nodes['pixels']?.outputs['pixels']).toMatchObject({ width: 644, height: 476 });
    expect(checked.nodes['encoder']?.outputs['tokens']).toMatchObject({
      grid: { rows: 34, columns: 46 },
    });
  });

  it('names budgets that exclude each other, and pictures that are too long', () => {
    const problems = (params: JsonObject) =>
      check(params).problems.filter(({ node }) => node === 'pixels');
    expect(problems({ leastPixels: 10, mostPixels: 5 })).toMatchObject([{ param: 'leastPixels' }]);
    expect(problems({ pictureWidth: 4000, pictureHeight: 10 })).toMatchObject([
      { param: 'pictureWidth' },
    ]);
  });

  it('refuses a picture that becomes one of another size, with the size to type', () => {
    const recipe: PreprocessRecipe = {
      padToSquare: false,
      resizeTo: size(644, 476),
      crop: null,
      sizeRule: budget,
      filter: 'bicubic',
      mean: [0, 0, 0],
      deviation: [1, 1, 1],
    };
    const picture = (width: number, height: number) => {
      const image = { ...size(width, height), data: new Uint8Array(0) };
      return unplannedPicture([{ kind: 'image', media: 'image', images: [image] }], recipe);
    };
    expect(picture(640, 480)).toBeNull();
    expect(picture(645, 478)).toBeNull();
    expect(picture(300, 200)?.message).toMatch(/308 × 196.*644 × 476.*to 300 × 200\.$/);
  });

  it('reads the processors of models of any resolution', () => {
    const definition = catalogue['vision/native-resolution'];
    const files = (name: string) => ({
      'preprocessor_config.json': read(`preprocess/${name}/case.json`)['config'] as JsonObject,
    });
    const paramsOf = (name: string) => taken(definition, files(name));
    expect(paramsOf('qwen2-vl')).toMatchObject({
      value: { params: { rule: 'pixels', patch: 8, leastPixels: 256, mostPixels: 1536 } },
    });
    expect(paramsOf('pixtral')).toMatchObject({
      value: { params: { rule: 'longest-edge', patch: 8, longestEdge: 48 } },
    });
    expect(paramsOf('siglip2-naflex')).toMatchObject({
      value: { params: { rule: 'patches', patch: 6, mostPatches: 24, filter: 'bilinear' } },
    });
    expect(refusal(definition, files('clip'))).toMatch(/no sizes of their own; .* "CLIPImage/);
  });
});
