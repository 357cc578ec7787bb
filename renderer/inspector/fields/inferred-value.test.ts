import { expect, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { inferredValue, numberless } from './inferred-value.ts';

test('an empty field says what it stands for once the wires tell', () => {
  const nodes = {
    image: ['input/image'],
    preprocess: ['vision/preprocess'],
    encoder: ['encoder/clip-vit', { model: 'vit-b16' }],
    projector: ['projector/mlp'],
    prompt: ['input/prompt'],
    language: ['language/decoder', { model: 'tinyllama-1.1b' }],
  } as const;
  const wires = [
    'image.image > preprocess.image',
    'preprocess.pixels > encoder.pixels',
    'encoder.tokens > projector.tokens',
    'projector.tokens > language.visual',
    'prompt.text > language.prompt',
  ];
  const wired = checkGraph(sketchDocument(nodes, wires), catalogue).nodes;
  expect(inferredValue(wired['preprocess'], 'size')).toBe(224);
  expect(inferredValue(wired['projector'], 'inputWidth')).toBe(768);
  expect(inferredValue(wired['projector'], 'outputWidth')).toBe(2048);
  expect(inferredValue(wired['projector'], 'hiddenWidth')).toBe(2048);
  expect(inferredValue(wired['projector'], 'constructor')).toBeNull();

  const alone = checkGraph(sketchDocument(nodes), catalogue).nodes;
  expect(inferredValue(alone['preprocess'], 'size')).toBeNull();
  expect(inferredValue(alone['projector'], 'outputWidth')).toBeNull();
});

test('every number that may be left empty has a meaning here', () => {
  const wires = ['encoder.tokens > node.tokens', 'image.image > node.image'];
  for (const [type, { params }] of Object.entries(catalogue)) {
    const document = sketchDocument({ node: [type] }, wires);
    const node = checkGraph(document, catalogue).nodes['node'];
    const outputs = {
      tokens: { kind: 'tokens', channels: 7 },
      pixels: { kind: 'pixels', width: 7, height: 7 },
    };
    const full = { ...node, inputs: outputs, outputs } as unknown as typeof node;
    for (const [name, { kind }] of Object.entries(params))
      if (kind === 'optional-integer') {
        const meaning = numberless.has(name) ? null : 7;
        expect([type, name, inferredValue(full, name)]).toEqual([type, name, meaning]);
      }
  }
});
