import { expect, test } from 'vitest';
import { applyEdits } from '#engine/graph/apply-edit.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { bindParam, mergeKeyOf, resetParam, setParam, sharedParams } from './bound-param.ts';

const document = sketchDocument({
  encoder: ['encoder/clip-vit', { precision: 'int4' }],
  projector: ['projector/mlp'],
  prompt: ['input/prompt'],
  language: ['language/decoder', { precision: 'int4', blockSize: '64' }],
  foreign: ['vendor/thing', { precision: 'int4' }],
});
const place = { documentId: 'a', baseFolder: undefined, problems: [] };
const names = (...nodes: string[]) =>
  sharedParams(document, nodes, catalogue).map(([name]) => name);

test('nodes share what they declare as one and the same, where it counts in all of them', () => {
  expect(names('encoder', 'projector')).toEqual(['weights', 'precision']);
  expect(names('encoder', 'language')).toEqual(['weights', 'precision', 'blockSize']);
  // Both have an activation, but each its own.
  expect(names('projector', 'language')).not.toContain('activation');
  expect(names('encoder', 'prompt')).toEqual([]);
  expect(names('encoder', 'foreign')).toEqual([]);
});

test('one change reaches all of them, and one reset takes it out of the file', () => {
  const nodes = ['encoder', 'projector', 'language'];
  const precision = sharedParams(document, nodes, catalogue).find(([name]) => name === 'precision');
  const bound = bindParam(document, nodes, precision, place);
  expect(bound).toMatchObject({ value: undefined, isChanged: true });
  expect(mergeKeyOf(bound)).toBe('set-param:encoder,projector,language:precision');

  const set = applyEdits(document, setParam(bound, 'int8'));
  if (!set.ok) throw new Error('refused');
  expect(bindParam(set.value.document, nodes, precision, place).value).toBe('int8');

  const reset = applyEdits(set.value.document, resetParam(bound));
  if (!reset.ok) throw new Error('refused');
  expect(reset.value.document.nodes['language']?.params).toEqual({ blockSize: '64' });
  expect(bindParam(reset.value.document, nodes, precision, place)).toMatchObject({
    value: 'float32',
    isChanged: false,
  });
});

test('a field knows its own problems and no others', () => {
  const wrong = sketchDocument({
    one: ['projector/mlp', { depth: 99 }],
    two: ['projector/mlp', { depth: 98, bias: 'yes' }],
  });
  const { problems } = checkGraph(wrong, catalogue);
  const { depth } = catalogue['projector/mlp'].params;
  const bound = bindParam(wrong, ['one'], ['depth', depth], { ...place, problems });
  expect(bound.problems.map(({ message }) => message)).toEqual([
    'Layers must be a whole number from 1 to 8, not 99.',
  ]);
});

test('a custom model begins with the sizes of the published one that it was', () => {
  const published = sketchDocument({ language: ['language/decoder', { model: 'gemma-2b' }] });
  const { model } = catalogue['language/decoder'].params;
  const bound = bindParam(published, ['language'], ['model', model], place);
  const custom = applyEdits(published, setParam(bound, 'custom'));
  if (!custom.ok) throw new Error(custom.problems[0]?.message);
  expect(custom.value.document.nodes['language']?.params).toMatchObject({
    model: 'custom',
    hiddenSize: 2048,
    keyValueHeadCount: 1,
    vocabularySize: 256_000,
  });
  expect(setParam(bound, 'phi-2')).toHaveLength(1);
});
