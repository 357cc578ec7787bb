import { expect, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { projectModels } from './projection.ts';
import { wireCourses } from './wire-courses.ts';

const checked = checkGraph(
  sketchDocument(
    {
      image: ['input/image'],
      preprocess: ['vision/preprocess'],
      encoder: ['encoder/clip-vit'],
      other: ['output/answer'],
    },
    ['image.image > preprocess.image', 'preprocess.pixels > encoder.pixels'],
  ),
  catalogue,
);
const models = projectModels({ checked, problems: [], estimate: null });
const ends = { image: { x: -400, y: 0 }, preprocess: { x: 0, y: 0 }, encoder: { x: 264, y: 0 } };
const labelOf = (layout: Parameters<typeof wireCourses>[1]) =>
  wireCourses(models, layout).get('preprocess.pixels>encoder.pixels')?.label;

test('a wire says as much as there is room for between its cards, and nothing where there is none', () => {
  expect(labelOf({ ...ends, encoder: { x: 400, y: 0 } })?.text).toBe('3 × 336 × 336');
  expect(labelOf(ends)?.text).toBe('3×336²');
  expect(labelOf({ ...ends, encoder: { x: 230, y: 0 } })).toBeNull();
});

test('what a wire says moves aside for a card that lies over it', () => {
  const apart = { ...ends, encoder: { x: 900, y: 300 } };
  const free = labelOf(apart);
  const covered = labelOf({ ...apart, other: { x: 230, y: 40 } });
  expect(free).not.toEqual(covered);
  expect(covered?.text).toBe('3 × 336 × 336');
});

test('a wire that leads back runs where no card lies in its way', () => {
  const below = { ...ends, preprocess: { x: 600, y: 0 }, encoder: { x: 0, y: 600 } };
  const lane = (layout: Parameters<typeof wireCourses>[1]) =>
    wireCourses(models, layout).get('preprocess.pixels>encoder.pixels')?.detour.lanePx;
  expect(lane(below)).toBe(0);
  // An answer's card stands where the lane would be: the wire passes above or below it.
  const moved = lane({ ...below, other: { x: 300, y: 300 } }) ?? 0;
  expect(Math.abs(moved)).toBeGreaterThan(60);
});
