/** Tokens of several encoders one behind the other. */
import { afterAll, beforeAll, expect, it, test } from 'vitest';
import { checkGraph } from '#engine/graph/check.ts';
import { sketchDocument } from '#engine/graph/sketch-document.ts';
import { estimatedCount, knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { catalogue } from '../index.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { sequenceJoin } from './sequence-join.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const wire = (tokens: number, rest: Partial<WireOf<'tokens'>> = {}): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(tokens),
  channels: 3,
  prefixTokens: 0,
  grid: { rows: 1, columns: tokens },
  ...rest,
});

const joined = (...tokens: readonly WireOf<'tokens'>[]) => ({
  definition: sequenceJoin,
  params: {},
  inputs: { tokens },
});

test('in every view the tokens of the wires follow one another in their order', async () => {
  const views = { known: true, views: 2, most: 2 };
  const counts = [4, 1, 2];
  const node = joined(...counts.map((count) => wire(count, { views })));
  const data = counts.map((count, index) => normalNumbers(2 * count * 3, index));
  const feeds = counts.map((count, index) => [
    `tokens.${index}`,
    float32(data[index]!, [2, count, 3]),
  ]);
  const { tokens } = await bench.runNode(node, Object.fromEntries(feeds));
  const expected = [0, 1].flatMap((view) =>
    counts.flatMap((count, index) =>
      Array.from(data[index]!.subarray(view * count * 3, (view + 1) * count * 3)),
    ),
  );
  expect(tokens?.dims).toEqual([2, 7, 3]);
  expect(Array.from(floatsOf(tokens))).toEqual(expected);
  expect(valueOf(buildSingleNode(node)).outputs['tokens']).toEqual(wire(7, { views, grid: null }));
});

test('one may let the picture decide how many it brings', async () => {
  const node = joined(wire(4), wire(3, { count: estimatedCount(3, 6), grid: null }));
  const built = valueOf(buildSingleNode(node));
  expect(built.outputs['tokens']).toMatchObject({ count: { known: false, tokens: 7, most: 10 } });
  const { tokens } = await bench.runNode(node, {
    'tokens.0': float32(normalNumbers(12, 1), [1, 4, 3]),
    'tokens.1': float32(normalNumbers(15, 2), [1, 5, 3]),
  });
  expect(tokens?.dims).toEqual([1, 9, 3]);
});

test('a perceiver looks through encoders of different grids and widths, each behind a linear map', () => {
  const checked = checkGraph(
    sketchDocument(
      {
        image: ['input/image', { source: { kind: 'sample', name: 'still-life' } }],
        shape: ['vision/preprocess', { size: 224 }],
        eva: ['encoder/eva'],
        dino: ['encoder/dinov2'],
        first: ['projector/linear', { outputWidth: 1024 }],
        second: ['projector/linear', { outputWidth: 1024 }],
        join: ['fusion/sequence-join'],
        perceiver: ['projector/perceiver-resampler'],
      },
      [
        'image.image > shape.image',
        'shape.pixels > eva.pixels',
        'shape.pixels > dino.pixels',
        'eva.tokens > first.tokens',
        'dino.tokens > second.tokens',
        'first.tokens > join.tokens',
        'second.tokens > join.tokens',
        'join.tokens > perceiver.tokens',
      ],
    ),
    catalogue,
  );
  expect(checked.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(checked.nodes['join']?.outputs['tokens']).toMatchObject({
    count: knownCount(257 + 256),
    channels: 1024,
  });
  expect(checked.nodes['perceiver']?.outputs['tokens']).toMatchObject({ count: knownCount(64) });
});

it.each([
  [
    'another width',
    wire(2, { channels: 5 }),
    'Wire 2 brings 5 channels, wire 1 brings 3, and tokens of one sequence have the same; put a linear projector behind one of them.',
  ],
  [
    'other pictures',
    wire(2, { views: { known: true, views: 5, most: 5 } }),
    'Wire 2 brings 5 views, wire 1 brings 1 view; give all encoders the same pictures.',
  ],
])('%s is refused', (_, second, message) => {
  const outcome = buildSingleNode(joined(wire(4), second));
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});
