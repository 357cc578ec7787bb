import { expect, test } from 'vitest';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument, type NodeSketch } from '#engine/graph/sketch-document.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';
import { tokenpacker } from './tokenpacker.ts';

// The formula is held to the reference: verify/recorded/projector/tokenpacker.
const wire = (
  channels: number,
  side: number,
  rest: Partial<WireOf<'tokens'>> = {},
): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(side ** 2),
  channels,
  prefixTokens: 0,
  grid: { rows: side, columns: side },
  ...rest,
});

const single = (params: object, tokens: WireOf<'tokens'>, levels: WireOf<'tokens'>) => ({
  definition: tokenpacker,
  params: { outputWidth: 4096, ...params },
  inputs: { tokens, levels },
});

test.for([
  [2, 144],
  [3, 64],
  [4, 36],
] as const)('cells of %i × %i leave so many tokens, on a grid', ([scale, count]) => {
  const node = single({ scale }, wire(1024, 24), wire(4096, 24));
  const { outputs, model } = valueOf(buildSingleNode(node));
  const side = 24 / scale;
  expect(outputs['tokens']).toEqual(wire(4096, side));
  expect(outputs['tokens']).toMatchObject({ count: knownCount(count) });
  expect(countParameters([model])).toBe(36_722_688);
});

test('four layers of CLIP, joined by channel, are its levels', () => {
  const tower = (featureLayer: number): NodeSketch => [
    'encoder/clip-vit',
    { model: 'vit-l14-336', featureLayer },
  ];
  const layers = { level12: -13, level16: -9, level22: -3, level23: -2 };
  const checked = checkGraph(
    sketchDocument(
      {
        image: ['input/image', { source: { kind: 'sample', name: 'still-life' } }],
        shape: ['vision/preprocess'],
        ...Object.fromEntries(
          Object.entries(layers).map(([id, featureLayer]) => [id, tower(featureLayer)]),
        ),
        levels: ['fusion/channel-join'],
        packer: ['projector/tokenpacker', { outputWidth: 2048 }],
      },
      [
        'image.image > shape.image',
        ...Object.keys(layers).flatMap((id) => [
          `shape.pixels > ${id}.pixels`,
          `${id}.tokens > levels.tokens`,
        ]),
        'level23.tokens > packer.tokens',
        'levels.tokens > packer.levels',
      ],
    ),
    catalogue,
  );
  expect(checked.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(checked.nodes['packer']?.outputs['tokens']).toEqual(wire(2048, 12));
});

test('one CLIP gives both, at the cost of one', () => {
  const checked = checkGraph(
    sketchDocument(
      {
        image: ['input/image', { source: { kind: 'sample', name: 'still-life' } }],
        shape: ['vision/preprocess'],
        clip: ['encoder/clip-vit', { model: 'vit-l14-336', levels: '12, 16, 22, 23' }],
        packer: ['projector/tokenpacker', { outputWidth: 2048 }],
        vip: ['projector/mlp', { inputNorm: true, outputWidth: 2048 }],
      },
      [
        'image.image > shape.image',
        'shape.pixels > clip.pixels',
        'clip.tokens > packer.tokens',
        'clip.levels > packer.levels',
        'clip.levels > vip.tokens',
      ],
    ),
    catalogue,
  );
  expect(checked.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(checked.nodes['clip']?.outputs['levels']).toEqual(wire(4096, 24));
  expect(checked.nodes['packer']?.outputs['tokens']).toEqual(wire(2048, 12));
  expect(checked.nodes['vip']?.outputs['tokens']).toEqual(wire(2048, 24));
});

test.for([
  [
    'a scale that does not divide the grid',
    { scale: 5 },
    wire(8, 24),
    wire(8, 24),
    'A 24 × 24 grid does not divide into cells of 5 × 5; choose a scale that divides both sides.',
  ],
  [
    'tokens without a grid',
    {},
    wire(8, 24, { grid: null }),
    wire(8, 24),
    'TokenPacker needs tokens that lie on a grid; place it before anything that selects or merges tokens.',
  ],
  [
    'layers on another grid',
    {},
    wire(8, 24),
    wire(8, 16),
    'The tokens of several layers lie on a 16 × 16 grid, those of one layer on 24 × 24; take both from encoders that give the same grid.',
  ],
  [
    'layers of other pictures',
    {},
    wire(8, 24),
    wire(8, 24, { views: { known: true, views: 3, most: 3 } }),
    'The tokens of several layers come in 3 views, those of one layer in 1 view; give both the same pictures.',
  ],
  [
    'heads that do not divide the channels',
    { headCount: 3 },
    wire(8, 24),
    wire(8, 24),
    '1024 channels do not divide into 3 heads; choose a number of heads that divides them.',
  ],
] as const)('%s is refused', ([, params, tokens, levels, message]) => {
  const outcome = buildSingleNode(single(params, tokens, levels));
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});
