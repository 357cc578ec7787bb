import { expect, test } from 'vitest';
import { applyEdits } from '#engine/graph/apply-edit.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { takeConfig } from './take-config.ts';

const document = sketchDocument({
  shuffle: ['compression/pixel-shuffle', { factor: 4 }],
  projector: ['projector/mlp', { depth: 3, inputNorm: true, activation: 'gelu' }],
  language: ['language/decoder'],
});
const files = {
  'config.json': {
    model_type: 'internvl',
    projector_hidden_act: 'gelu',
    vision_config: { hidden_size: 16 },
    text_config: { model_type: 'xlnet', hidden_size: 40 },
  },
};

test('each node takes its own, changes only what is other, and one step takes all of it back', () => {
  const { edits, said } = takeConfig(document, Object.keys(document.nodes), files, catalogue);
  expect(edits.map((edit) => ('param' in edit ? `${edit.id}.${edit.param}` : ''))).toEqual([
    'shuffle.factor',
    'projector.inputWidth',
    'projector.outputWidth',
    'projector.depth',
  ]);
  expect(said).toEqual([
    "Pixel shuffle: Took 1 parameter from config.json: InternVL's shuffle, groups of 2 × 2.",
    "MLP projector: Took 7 parameters from config.json: InternVL's projector, 2 layers, 64 → 40 channels.",
    'Language model: Took nothing from the folder. The language model family "xlnet" is not built yet.',
  ]);
  const applied = applyEdits(document, edits);
  if (!applied.ok) throw new Error('They do not fit.');
  expect(applyEdits(applied.value.document, applied.value.inverse)).toMatchObject({
    value: { document },
  });
});

test('one node is not named, and a folder without a configuration is told', () => {
  expect(takeConfig(document, ['projector'], {}, catalogue)).toEqual({
    edits: [],
    said: [
      'Took nothing from the folder. There is no config.json; choose the folder of a published model.',
    ],
  });
});
