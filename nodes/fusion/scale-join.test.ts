/** Tiles of several scales made one token a place, against a plain slow formula. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { scaleJoin } from './scale-join.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const wire = (
  views: number,
  prefixTokens: number,
  rest: Partial<WireOf<'tokens'>> = {},
): WireOf<'tokens'> => ({
  kind: 'tokens',
  views: { known: true, views, most: views, items: 1 },
  count: knownCount(prefixTokens + 6),
  channels: 3,
  prefixTokens,
  grid: { rows: 2, columns: 3 },
  ...rest,
});

const single = (scales: string, tokens: WireOf<'tokens'>) => ({
  definition: scaleJoin,
  params: { scales },
  inputs: { tokens },
});

/** Means over as many windows as the smallest scale has places, from the first place that each touches to the last. */
function joinSlowly(
  numberAt: (tile: number, token: number, channel: number) => number,
  scales: readonly number[],
  prefixTokens: number,
): readonly number[] {
  const least = Math.min(...scales);
  const [rows, columns] = [2 * least, 3 * least];
  const starts = scales.map((_, place) =>
    scales.slice(0, place).reduce((sum, scale) => sum + scale ** 2, 0),
  );
  const average = (numbers: readonly number[]) =>
    numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);
  const prefix = upTo(prefixTokens).flatMap((token) =>
    scales.flatMap((scale, place) =>
      upTo(3).map((channel) =>
        average(upTo(scale ** 2).map((tile) => numberAt(starts[place]! + tile, token, channel))),
      ),
    ),
  );
  const window = (at: number, length: number, count: number) => {
    const from = Math.floor((at * length) / count);
    return upTo(Math.ceil(((at + 1) * length) / count) - from).map((step) => from + step);
  };
  const patches = upTo(rows * columns).flatMap((token) =>
    scales.flatMap((scale, place) =>
      upTo(3).map((channel) =>
        average(
          window(Math.floor(token / columns), 2 * scale, rows).flatMap((y) =>
            window(token % columns, 3 * scale, columns).map((x) => {
              const tile = Math.floor(y / 2) * scale + Math.floor(x / 3);
              const inside = (y % 2) * 3 + (x % 3);
              return numberAt(starts[place]! + tile, prefixTokens + inside, channel);
            }),
          ),
        ),
      ),
    ),
  );
  return [...prefix, ...patches];
}

it.each([
  ['1, 2, 3', 14, 0],
  ['1, 2', 5, 2],
  ['2, 3', 13, 1],
  ['2, 1', 5, 0],
  ['1', 1, 0],
])(
  'scales of %s tiles a side, of %i views with %i tokens before',
  async (scales, views, prefix) => {
    const node = single(scales, wire(views, prefix));
    const count = prefix + 6;
    const data = normalNumbers(views * count * 3, 5);
    const { tokens } = await bench.runNode(node, { tokens: float32(data, [views, count, 3]) });
    const sides = scales.split(',').map(Number);
    const expected = joinSlowly(
      (tile, token, channel) => data[(tile * count + token) * 3 + channel]!,
      sides,
      prefix,
    );
    const left = valueOf(buildSingleNode(node)).outputs['tokens'] as WireOf<'tokens'>;
    expect(tokens?.dims).toEqual([1, left.count.tokens, left.channels]);
    expect(left).not.toHaveProperty('views');
    expect(largestError(floatsOf(tokens), expected)).toBeLessThan(2e-6);
  },
);

it.each([
  [
    'another number of views',
    wire(5, 0),
    'Scales of 1, 2, 3 tiles a side make 14 tiles of each picture, and 5 views come in; wire Tiles at several scales, with the same scales, before the encoder.',
  ],
  [
    'tokens without a grid',
    wire(14, 0, { grid: null }),
    'Joining scales needs tokens that lie on a grid; place it before anything that selects or merges tokens.',
  ],
])('%s is refused', (_, tokens, message) => {
  const outcome = buildSingleNode(single('1, 2, 3', tokens));
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});
