import { expect, it } from 'vitest';
import { catalogue } from '#nodes/index.ts';
import { sketchDocument } from '../graph/sketch-document.ts';
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
  const overrides = { image, prompt: 'Which colour?', maxNewTokens: 5, seed: 77 };
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

it('without a wish the graph is as it was', () => {
  expect(applyOverrides(graph, {}, catalogue)).toEqual({ ok: true, value: graph });
});

it.each([
  [{ image: { kind: 'none' } as const }, 'image-missing', 'no Image node to put the picture into'],
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
