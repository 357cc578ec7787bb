import { expect, test } from 'vitest';
import type { Problem } from '#engine/contract/problem.ts';
import { applyEdits } from '#engine/graph/apply-edit.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { groupProblems } from './group-problems.ts';
import { mendAll } from './mend-all.ts';

const broken = sketchDocument(
  {
    image: ['input/image', { source: { kind: 'sample', name: 'shapes-circle' }, mood: 'calm' }],
    second: ['input/image', { source: { kind: 'sample', name: 'shapes-circle' } }],
    preprocess: ['vision/preprocess'],
    other: ['vision/preprocess', { size: 336 }],
    encoder: ['encoder/clip-vit', { featureLayer: -2.4 }],
  },
  [
    'image.image > preprocess.image',
    'second.image > other.image',
    'preprocess.pixels > encoder.pixels',
    'other.pixels > encoder.pixels',
    'other.pixels > encoder.pixels',
  ],
);

test('everything that can be mended for certain is mended in one step', () => {
  const { problems } = checkGraph(broken, catalogue);
  expect(problems.filter(({ mend }) => mend).length).toBeGreaterThanOrEqual(4);
  const mended = applyEdits(broken, mendAll(broken, problems));
  if (!mended.ok) throw new Error('The mends do not fit together.');
  // Of two wires that are the same, one mend takes one away.
  const left = checkGraph(mended.value.document, catalogue).problems.filter(({ mend }) => mend);
  const again = applyEdits(mended.value.document, mendAll(mended.value.document, left));
  if (!again.ok) throw new Error('The mends do not fit together.');
  expect(checkGraph(again.value.document, catalogue).problems).toEqual([]);
});

test('problems stand by node, the graph itself among them', () => {
  const problem = (message: string, node?: string): Problem => ({
    code: 'cycle',
    severity: 'error',
    message,
    ...(node !== undefined && { node }),
  });
  const [one, whole, two] = [problem('1', 'b'), problem('2'), problem('3', 'b')];
  expect(groupProblems([one, whole, two])).toEqual([
    { node: 'b', problems: [one, two] },
    { node: null, problems: [whole] },
  ]);
});
