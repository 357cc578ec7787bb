import { expect, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { catalogue } from '#nodes/index.ts';
import { fitsSegments, formLayout, rawParams } from './form-layout.ts';

function layoutOf(type: keyof typeof catalogue, params: Record<string, Json> = {}) {
  const document = sketchDocument({ node: [type, params] }, []);
  const definition: AnyNodeDefinition = catalogue[type];
  const values = rawParams(document.nodes['node'], definition);
  return Object.fromEntries(
    formLayout(definition.params, values).map(({ name, params: names }) => [name, names]),
  );
}

test('a published model shows what one chooses; a custom one opens its architecture', () => {
  expect(layoutOf('encoder/clip-vit')).toEqual({
    main: ['model', 'featureLayer', 'levels', 'select', 'positions'],
    weights: ['weights', 'precision', 'tower'],
  });
  const custom = layoutOf('encoder/clip-vit', { model: 'custom', precision: 'int4' });
  expect(custom['weights']).toEqual(['weights', 'precision', 'blockSize', 'tower']);
  expect(custom['architecture']).toContain('hiddenSize');
  const byChannel = layoutOf('encoder/clip-vit', { precision: 'w8a8', blockSize: '64' });
  expect(byChannel['weights']).toEqual(['weights', 'precision', 'tower']);
});

test('groups come in the order of the form, and what does not count is left out', () => {
  const greedy = layoutOf('language/decoder');
  expect(Object.keys(greedy)).toEqual(['main', 'weights', 'sampling']);
  expect(greedy['sampling']).toEqual([
    'strategy',
    'maxNewTokens',
    'stopAtEndOfText',
    'stops',
    'answerCount',
    'adjustsLogits',
  ]);
  const adjusted = layoutOf('language/decoder', { adjustsLogits: true })['sampling'];
  expect(adjusted).toContain('repetitionPenalty');
  const choices = layoutOf('language/decoder', { strategy: 'choices' })['sampling'];
  expect(choices).toEqual(['strategy', 'choices', 'choiceScore']);
  expect(layoutOf('language/decoder', { strategy: 'sample' })['sampling']).toContain('temperature');
});

test('what is wrong in the file is shown as it is, not as the default', () => {
  const document = sketchDocument({ node: ['projector/mlp', { depth: 'two' }] }, []);
  expect(rawParams(document.nodes['node'], catalogue['projector/mlp'])).toMatchObject({
    depth: 'two',
    bias: true,
  });
});

test('short choices lie side by side, long or many ones in a list', () => {
  expect(fitsSegments(catalogue['encoder/clip-vit'].params.precision.options)).toBe(true);
  expect(fitsSegments(catalogue['language/decoder'].params.strategy.options)).toBe(true);
  expect(fitsSegments(catalogue['encoder/clip-vit'].params.select.options)).toBe(false);
  expect(fitsSegments(catalogue['language/decoder'].params.model.options)).toBe(false);
});
