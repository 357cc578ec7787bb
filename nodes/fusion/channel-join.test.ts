import { afterAll, beforeAll, expect, test } from 'vitest';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { checkGraph } from '#engine/graph/check.ts';
import { estimatedCount, knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { catalogue } from '../index.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { toRows } from '../slow-formulas.testing.ts';
import { channelJoin } from './channel-join.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const wire = (channels: number, rest: Partial<WireOf<'tokens'>> = {}): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(6),
  channels,
  prefixTokens: 0,
  grid: { rows: 2, columns: 3 },
  ...rest,
});

const joined = (...tokens: readonly WireOf<'tokens'>[]) => ({
  definition: channelJoin,
  params: {},
  inputs: { tokens },
});

test('the channels of each token stand side by side in the order of the wires, in every view', async () => {
  const views = { known: true, views: 2, most: 2 };
  const widths = [3, 2, 4];
  const data = widths.map((width, index) => normalNumbers(2 * 6 * width, index));
  const { tokens } = await bench.runNode(
    joined(...widths.map((width) => wire(width, { views }))),
    Object.fromEntries(
      widths.map((width, index) => [
        `tokens.${index}`,
        float32(data[index] as Float32Array, [2, 6, width]),
      ]),
    ),
  );
  const rows = widths.map((width, index) => toRows(data[index] as Float32Array, width));
  const expected = Array.from({ length: 12 }, (_, row) =>
    rows.flatMap((each) => Array.from(each[row] ?? [])),
  );
  expect(tokens?.dims).toEqual([2, 6, 9]);
  expect(Array.from(floatsOf(tokens))).toEqual(expected.flat());
});

test.for([
  [
    'another grid',
    wire(2, { count: knownCount(4), grid: { rows: 2, columns: 2 } }),
    'Wire 2 brings 4 tokens (a 2 × 2 grid), wire 1 brings 6 tokens (a 2 × 3 grid), and channels join token by token; choose picture sizes and tokens so that all encoders give the same grid.',
  ],
  [
    'as many tokens on a grid that lies across',
    wire(2, { grid: { rows: 3, columns: 2 } }),
    'Wire 2 brings 6 tokens (a 3 × 2 grid), wire 1 brings 6 tokens (a 2 × 3 grid), and channels join token by token; choose picture sizes and tokens so that all encoders give the same grid.',
  ],
  [
    'a class token before the patches',
    wire(2, { count: knownCount(7), prefixTokens: 1 }),
    'Wire 2 brings 7 tokens (1 before a 2 × 3 grid), wire 1 brings 6 tokens (a 2 × 3 grid), and channels join token by token; choose picture sizes and tokens so that all encoders give the same grid.',
  ],
  [
    'a count that the picture decides',
    wire(2, { count: estimatedCount(6, 9) }),
    'How many tokens wire 2 brings is decided by the picture, and channels join token by token; join the encoders before anything that selects tokens.',
  ],
  [
    'other pictures',
    wire(2, { views: { known: true, views: 5, most: 5 } }),
    'Wire 2 brings 5 views, wire 1 brings 1 view; give all encoders the same pictures.',
  ],
] as const)('%s is refused, with what each wire brings', ([, second, message]) => {
  const outcome = buildSingleNode(joined(wire(3), second));
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});

test('two towers as Cobra has them give one wide token a patch to a three-layer projector', () => {
  const checked = checkGraph(
    sketchDocument(
      {
        image: ['input/image', { source: { kind: 'sample', name: 'still-life' } }],
        shape: ['vision/preprocess'],
        dino: ['encoder/dinov2', { model: 'large-registers', positions: 'timm' }],
        siglip: ['encoder/siglip', { model: 'so400m-p14-384' }],
        join: ['fusion/channel-join'],
        projector: [
          'projector/mlp',
          { depth: 3, hiddenWidth: 8704, laterWidth: 2560, outputWidth: 2560 },
        ],
      },
      [
        'image.image > shape.image',
        'shape.pixels > dino.pixels',
        'shape.pixels > siglip.pixels',
        'dino.tokens > join.tokens',
        'siglip.tokens > join.tokens',
        'join.tokens > projector.tokens',
      ],
    ),
    catalogue,
  );
  expect(checked.nodes['join']?.outputs['tokens']).toEqual(
    wire(1024 + 1152, { count: knownCount(729), grid: { rows: 27, columns: 27 } }),
  );
  // DINOv2 was trained on 518 pixels and takes others; SigLIP sees only its own size.
  expect(checked.nodes['shape']?.outputs['pixels']).toMatchObject({ width: 384, height: 384 });
  expect(checked.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
});
