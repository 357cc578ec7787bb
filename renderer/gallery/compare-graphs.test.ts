import { expect, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { catalogue } from '#nodes/index.ts';
import { comparedParts, comparedSettings } from './compare-graphs.ts';

const checked = (nodes: Parameters<typeof sketchDocument>[0]) =>
  checkGraph(sketchDocument({ image: ['input/image'], ...nodes }, []), catalogue);

const bunny = checked({
  encoder: ['encoder/siglip', { model: 'so400m-p14-384' }],
  projector: ['projector/mlp'],
  language: ['language/decoder', { model: 'phi-2', precision: 'int4' }],
});
const cobra = checked({
  dino: ['encoder/dinov2', { model: 'large' }],
  siglip: ['encoder/siglip', { model: 'so400m-p14-384', featureLayer: -1 }],
  join: ['fusion/channel-join'],
  projector: ['projector/mlp', { depth: 3 }],
  language: ['language/mamba', { model: 'mamba-2.8b' }],
});

test('parts of two graphs stand side by side by family, with the models they are set to', () => {
  expect(comparedParts(bunny, cobra)).toEqual([
    {
      what: 'Vision encoder',
      left: 'SigLIP: so400m/14, 384 px',
      right: 'DINOv2: L/14\nSigLIP: so400m/14, 384 px',
    },
    { what: 'Fusion', left: null, right: 'Join by channel' },
    { what: 'Projector', left: 'MLP projector', right: 'MLP projector' },
    { what: 'Language model', left: 'Language model: Phi-2 2.7B', right: 'Mamba: Mamba 2.8B' },
  ]);
});

test('of parts that both have, the settings that differ are told', () => {
  expect(comparedSettings(bunny, cobra)).toEqual([
    { what: 'SigLIP: Feature layer', left: '-2', right: '-1' },
    { what: 'MLP projector: Layers', left: '2', right: '3' },
    { what: 'MLP projector: Later hidden width', left: null, right: 'as wired' },
  ]);
  expect(comparedSettings(bunny, bunny)).toEqual([]);
});
