import { expect, it } from 'vitest';
import { catalogue } from '#nodes/index.ts';
import { sketchDocument } from '../graph/sketch-document.ts';
import type { GraphDocument } from '../contract/document.ts';
import type { ImageSource } from '../contract/sources.ts';
import { applyOverrides } from './apply-overrides.ts';

const checkpoint = { kind: 'checkpoint', folder: 'models/tiny' } as const;

const graph = sketchDocument({
  image: ['input/image', { source: { kind: 'none' } }],
  encoder: ['encoder/clip-vit'],
  projector: ['projector/mlp', { weights: { kind: 'random', seed: 4 }, depth: 3 }],
  language: ['language/decoder', { weights: checkpoint, temperature: 2 }],
  prompt: ['input/prompt'],
  future: ['language/tarot', { maxNewTokens: 9, seed: 9, weights: { kind: 'random', seed: 9 } }],
});

it('what a caller asks for takes the place of what the graph says, and nothing else changes', () => {
  const image = { kind: 'file', path: '/pictures/cat.png' } as const;
  const overrides = { images: [image], prompt: 'Which colour?', maxNewTokens: 5, seed: 77 };
  const before = structuredClone(graph);
  const applied = applyOverrides(graph, overrides, catalogue);
  const paramsOf = (id: string) => applied.ok && applied.value.nodes[id]?.params;
  expect(paramsOf('image')).toEqual({ source: image });
  expect(paramsOf('prompt')).toEqual({ text: 'Which colour?' });
  expect(paramsOf('encoder')).toEqual({ weights: { kind: 'random', seed: 77 } });
  expect(paramsOf('projector')).toEqual({ weights: { kind: 'random', seed: 77 }, depth: 3 });
  // A checkpoint stays a checkpoint; only how tokens are drawn is seeded anew.
  expect(paramsOf('language')).toEqual({
    weights: checkpoint,
    temperature: 2,
    maxNewTokens: 5,
    seed: 77,
  });
  // What the catalogue does not know is left alone.
  expect(paramsOf('future')).toEqual(graph.nodes['future']?.params);
  expect(graph).toEqual(before);
});

it('several pictures go to as many Image nodes, or to copies of the only one, in order', () => {
  const [cat, dog, fox] = ['cat', 'dog', 'fox'].map(
    (name) => ({ kind: 'file', path: `/pictures/${name}.png` }) as const,
  ) as [ImageSource, ImageSource, ImageSource];
  const alone = sketchDocument(
    { image: ['input/image'], 'image-2': ['input/prompt'], preprocess: ['vision/preprocess'] },
    ['image.image > preprocess.image', 'image-2.text > preprocess.image'],
  );
  const seen = (document: GraphDocument, images: readonly ImageSource[]) => {
    const applied = applyOverrides(document, { images }, catalogue);
    if (!applied.ok) return applied.problems.map(({ message }) => message);
    return applied.value.edges.map(({ from }) => applied.value.nodes[from.node]?.params);
  };
  expect(seen(alone, [cat, dog, fox])).toEqual([
    { source: cat },
    { source: dog },
    { source: fox },
    {},
  ]);
  const both = sketchDocument(
    { left: ['input/image'], right: ['input/image'], preprocess: ['vision/preprocess'] },
    ['right.image > preprocess.image', 'left.image > preprocess.image'],
  );
  expect(seen(both, [cat, dog])).toEqual([{ source: dog }, { source: cat }]);
  expect(seen(both, [fox])).toEqual([{ source: fox }, { source: fox }]);
  expect(seen(both, [cat, dog, fox])).toEqual([
    'The graph has 2 Image nodes and is given 3 pictures; give one for each, or one for all.',
  ]);
});

it('a clip goes to every Video node, and leaves its number of frames alone', () => {
  const clips = sketchDocument({ video: ['input/video', { frames: 3 }] });
  const video = { kind: 'clip', path: '/clips/walk' } as const;
  const applied = applyOverrides(clips, { video }, catalogue);
  expect(applied.ok && applied.value.nodes['video']?.params).toEqual({ frames: 3, source: video });
});

it('without a wish the graph is as it was', () => {
  expect(applyOverrides(graph, {}, catalogue)).toEqual({ ok: true, value: graph });
});

it.each([
  [
    { images: [{ kind: 'none' }] } as const,
    'image-missing',
    'no Image node to put the picture into',
  ],
  [
    { video: { kind: 'clip', path: 'frames' } } as const,
    'clip-missing',
    'no Video node to put the clip into',
  ],
  [{ prompt: 'Why?' }, 'prompt-missing', 'no Prompt node to put the prompt into'],
  [{ maxNewTokens: 1 }, 'output-missing', 'no language model that writes tokens'],
])('a wish that no node can fulfil is told: %j', (overrides, code, says) => {
  const bare = sketchDocument({ encoder: ['encoder/siglip'], future: ['language/tarot'] });
  expect(applyOverrides(bare, overrides, catalogue)).toEqual({
    ok: false,
    problems: [
      {
        code,
        severity: 'error',
        message: `The graph has ${says}; add one, or leave the option out.`,
      },
    ],
  });
  // A seed is for whatever is random, and that may be nothing.
  expect(applyOverrides(bare, { seed: 1 }, catalogue).ok).toBe(true);
});
