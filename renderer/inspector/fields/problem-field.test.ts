import { expect, test } from 'vitest';
import { error, type Problem } from '#engine/contract/problem.ts';
import { catalogue } from '#nodes/index.ts';
import { problemField } from './problem-field.ts';

const { params } = catalogue['encoder/clip-vit'];
const fieldOf = (problem: Problem, model = 'vit-b16') => problemField(problem, params, { model });

test('a problem stands at the field that it is about', () => {
  expect(fieldOf(error('param-invalid', '', { param: 'featureLayer' }))).toBe('featureLayer');
  expect(fieldOf(error('checkpoint-unreadable', '', { node: 'encoder' }))).toBe('weights');
  const { params: image } = catalogue['input/image'];
  expect(problemField(error('image-unreadable', ''), image, {})).toBe('source');
});

test('what no field shows is the node’s own', () => {
  expect(fieldOf(error('input-missing', '', { port: 'pixels' }))).toBeNull();
  expect(fieldOf(error('param-unknown', '', { param: 'colour' }))).toBeNull();
  expect(fieldOf(error('arrangement-unsupported', '', { param: 'headCount' }))).toBeNull();
  expect(fieldOf(error('arrangement-unsupported', '', { param: 'headCount' }), 'custom')).toBe(
    'headCount',
  );
  expect(
    problemField(error('tensor-missing', ''), catalogue['input/prompt'].params, {}),
  ).toBeNull();
});
