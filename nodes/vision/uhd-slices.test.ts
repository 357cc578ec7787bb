import { expect, it } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument, type NodeSketch } from '#engine/graph/sketch-document.ts';
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { TileRecipe } from '#engine/node/host-step.ts';
import { tilePicture } from '#host/images/tile-picture.ts';
import { resizeWhole } from '#host/images/preprocess.ts';
import { unplannedPicture } from '#host/stages/unplanned-picture.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { config, refusal, taken } from '#verify/taking-config.testing.ts';
import { catalogue } from '../index.ts';
import { slicePlan } from './slice-plan.ts';

const nodes = (params: JsonObject): Record<string, NodeSketch> => ({
  image: ['input/image'],
  slices: ['vision/uhd-slices', params],
  encoder: ['encoder/clip-vit', { positions: 'interpolated' }],
});
const wires = ['image.image > slices.image', 'slices.pixels > encoder.pixels'];
const check = (params: JsonObject) => checkGraph(sketchDocument(nodes(params), wires), catalogue);

it('says how many slices there are and the grid that each gives', () => {
  const checked = check({ pictureWidth: 1920, pictureHeight: 1080 });
  expect(checked.nodes['slices']?.outputs['pixels']).toEqual({
    kind: 'pixels',
    width: 420,
    height: 462,
    views: { known: true, views: 8, most: 8, items: 1 },
  });
  expect(checked.nodes['encoder']?.outputs['tokens']).toMatchObject({
    grid: { rows: 33, columns: 30 },
  });
  const { problems } = check({ pictureWidth: 400, pictureHeight: 400 });
  expect(problems.find(({ node }) => node === 'slices')).toMatchObject({
    code: 'param-invalid',
    param: 'pictureWidth',
  });
});

const recipe: TileRecipe = {
  scheme: 'slice',
  rule: { mostSlices: 9, areaSide: 8, patch: 2, rounding: 'down' },
  grid: { rows: 2, columns: 3 },
  slice: { width: 8, height: 6 },
  filter: 'bicubic',
  mean: [0, 0, 0],
  deviation: [1, 1, 1],
};

it('slices are what the squashed picture is cut into, row by row', () => {
  const [width, height] = [25, 13];
  const data = Uint8Array.from(normalNumbers(width * height * 3, 1), (number) =>
    Math.min(255, Math.max(0, 128 + 60 * number)),
  );
  const image = { width, height, data };
  const slices = tilePicture(image, recipe);
  const places = slices.map(({ role, row, column }) => `${role} ${row} ${column}`);
  expect(places.join(', ')).toBe(
    'slice 0 0, slice 0 1, slice 0 2, slice 1 0, slice 1 1, slice 1 2',
  );
  const whole = resizeWhole(image, { width: 24, height: 12 }, 'bicubic').data;
  for (const { row, column, pixels } of slices) {
    for (let place = 0; place < pixels.length; place++) {
      const [channel, y, x] = [Math.floor(place / 48), Math.floor(place / 8) % 6, place % 8];
      const at = ((row * 6 + y) * 24 + column * 8 + x) * 3 + channel;
      expect(Math.round(pixels[place]! * 255)).toBe(whole[at]);
    }
  }
});

it('a picture that would be sliced otherwise is refused', () => {
  const of = (width: number, height: number) => {
    const image = { width, height, data: new Uint8Array(0) };
    return unplannedPicture([{ kind: 'image', media: 'image', images: [image] }], recipe)?.message;
  };
  expect(of(25, 13)).toBeUndefined();
  expect(of(16, 24)).toMatch(/becomes 3 × 2 slices.*built for 2 × 3 slices.*to 16 × 24\.$/);
  expect(of(8, 8)).toMatch(/becomes no slices at all/);
});

it('rounds to the nearest patch where MiniCPM-V is read', () => {
  const node = catalogue['vision/uhd-slices'];
  const slice_config = { max_slice_nums: 4, scale_resolution: 336 };
  const params = { mostSlices: 4, areaSide: 336, patch: 14, rounding: 'nearest' };
  expect(taken(node, config({ model_type: 'minicpmv', slice_config }))).toMatchObject({
    value: { params },
  });
  expect(taken(node, config({ model_type: 'minicpmv', max_slice_nums: 6 }))).toMatchObject({
    value: { params: { mostSlices: 6, areaSide: 448 } },
  });
  const whole = catalogue['vision/native-resolution'];
  expect(taken(whole, config({ model_type: 'minicpmv', slice_config }))).toMatchObject({
    value: { params: { rule: 'area', areaSide: 336, patch: 14, rounding: 'nearest' } },
  });
  expect(refusal(node, config({ model_type: 'minicpmv', slice_mode: false }))).toMatch(/off/);
  expect(refusal(node, config({ model_type: 'llava' }))).toMatch(/no slices; "llava"/);
  // A third of 1000 is 333; a cell of 333 × 500 becomes 273 × 411, which are 19.5 and 29.4 patches.
  expect(slicePlan({ width: 1000, height: 500 }, { ...params, rounding: 'nearest' })).toEqual({
    grid: { rows: 1, columns: 3 },
    slice: { width: 280, height: 406 },
  });
  const rule = { mostSlices: 9, areaSide: 448, patch: 14 } as const;
  expect(slicePlan({ width: 1920, height: 1080 }, { ...rule, rounding: 'nearest' })?.slice).toEqual(
    {
      width: 420,
      height: 476,
    },
  );
});
