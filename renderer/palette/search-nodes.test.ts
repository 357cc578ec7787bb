import { expect, test } from 'vitest';
import { families } from '#engine/node/node-definition.ts';
import { catalogue } from '#nodes/index.ts';
import { nodeGroups, searchNodes } from './search-nodes.ts';

const found = (search: string) =>
  searchNodes(catalogue, search).map(({ definition }) => definition.title);

test('nothing searched for is everything, in the order of the families', () => {
  const groups = nodeGroups(catalogue);
  expect(found('')).toEqual(
    groups.flatMap(({ nodes }) => nodes.map(({ definition }) => definition.title)),
  );
  expect(found('')).toHaveLength(Object.keys(catalogue).length);
  const order = Object.keys(families);
  const places = groups.map(({ family }) => order.indexOf(family));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
});

test('a title is found before a word of an explanation', () => {
  expect(found('proj').slice(0, 2)).toEqual(['Linear projector', 'MLP projector']);
  expect(found('clip')[0]).toBe('CLIP ViT');
  expect(found('CLIP vit')[0]).toBe('CLIP ViT');
  expect(found('encoder/sig').slice(0, 2)).toEqual(['SigLIP', 'SigLIP 2 NaFlex']);
});

test('a published model leads to the node that has it, and says so', () => {
  expect(searchNodes(catalogue, 'phi-2')[0]).toMatchObject({
    definition: { type: 'language/decoder' },
    by: 'Phi-2 2.7B',
  });
  // MoE-LLaVA's experts are of Phi-2 too.
  expect(found('phi-2')).toEqual([
    'Language model',
    'Text embedding',
    'MoE feed-forward',
    'Draft model',
  ]);
  expect(searchNodes(catalogue, 'tinyllama')[0]?.by).toBe('TinyLlama 1.1B');
  expect(found('vit-l/14 336')[0]).toBe('CLIP ViT');
});

test('a paper leads to the nodes that follow it, by its title and by its number', () => {
  expect(found('2403.15388')).toEqual(['PruMerge']);
  expect(found('token merging')).toEqual(['ToMe']);
  expect(found('early')).toEqual(['Early exit', 'FastV']);
});

test('a model that is a preset leads to the nodes it is made of, and says so', () => {
  const bunny = { title: 'Bunny-3B', nodeTypes: ['encoder/siglip', 'projector/mlp', 'no/node'] };
  const foundIn = searchNodes(catalogue, 'bunny', [bunny]);
  expect(foundIn.map(({ definition, by }) => [definition.title, by])).toEqual([
    ['SigLIP', 'Bunny-3B'],
    ['MLP projector', 'Bunny-3B'],
  ]);
});

test('words that are nowhere find nothing', () => {
  expect(found('transmogrifier')).toEqual([]);
  expect(found('clip transmogrifier')).toEqual([]);
});
