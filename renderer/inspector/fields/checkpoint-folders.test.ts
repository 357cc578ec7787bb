import { expect, test } from 'vitest';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { builtinName, likelyFolders } from './checkpoint-folders.ts';

test('a folder that the graph uses already is offered, and the built-in one where it fits', () => {
  const llava = { kind: 'checkpoint', folder: '/models/llava' } as const;
  const document = sketchDocument({
    encoder: ['encoder/clip-vit', { model: 'shapes-llava' }],
    projector: ['projector/mlp', { weights: llava }],
    other: ['projector/linear', { weights: llava }],
    language: ['language/decoder', { model: 'phi-2', weights: { kind: 'random', seed: 1 } }],
  });
  expect(likelyFolders(document, ['encoder'], null)).toEqual([
    '/models/llava',
    'builtin:shapes-llava',
  ]);
  expect(likelyFolders(document, ['language'], null)).toEqual(['/models/llava']);
  expect(likelyFolders(document, ['encoder', 'language'], '/models/llava')).toEqual([]);
});

test('a built-in checkpoint has a name, a folder has none', () => {
  expect(builtinName('builtin:shapes-llava')).toBe('shapes-llava');
  expect(builtinName('/models/builtin:')).toBeNull();
});
