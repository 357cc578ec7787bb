import { expect, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { countFamilies } from './count-families.ts';

test('families are counted in the order of the palette, what nobody knows last', () => {
  const document = sketchDocument({
    foreign: ['vendor/thing'],
    projector: ['projector/mlp'],
    encoder: ['encoder/clip-vit'],
    second: ['encoder/siglip'],
  });
  const checked = checkGraph(document, catalogue);
  expect(countFamilies(checked)).toEqual([
    { family: 'encoder', count: 2 },
    { family: 'projector', count: 1 },
    { family: null, count: 1 },
  ]);
  expect(countFamilies(checked, ['second'])).toEqual([{ family: 'encoder', count: 1 }]);
});
