import { afterAll, beforeAll, expect, it } from 'vitest';
import { BlockBench, type RunBlock } from '#verify/block-bench.testing.ts';
import {
  dot,
  largestError,
  linear,
  softmax,
  toRows,
  type Row,
} from '#nodes/slow-formulas.testing.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import { rotaryTables } from '../rotary.ts';
import type { Value } from '../value.ts';
import { cacheMask, futureMask, totalTokens } from './cached-tokens.ts';
import { latentAttention, type LatentAttentionShape } from './latent-attention.ts';
import { turnings, type RotaryPairing } from './rotary-positions.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

/** Six tokens behind four that are cached, in room for seven. */
const [fresh, cached, capacity] = [6, 4, 7];
const [hidden, heads, plain, turned, rank] = [10, 3, 5, 4, 7];
const positions = Array.from({ length: fresh }, (_, index) => cached + index);
const rotary = {
  size: turned,
  base: 100,
  scaling: 'none',
  factor: 1,
  trainedContext: 32,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  shortFactors: [],
  longFactors: [],
} as const;
const names = {
  query: 'q',
  queryDown: 'q_a',
  queryDownNorm: 'q_norm',
  queryUp: 'q_b',
  latent: 'kv_a',
  latentNorm: 'kv_norm',
  keyValueUp: 'kv_b',
  output: 'o',
};
type Shape = Omit<LatentAttentionShape, 'turning'>;

const shapeOf = (valueHeadSize: number, queryRank: number | null): Shape => ({
  promptAttention: 'causal',
  hiddenSize: hidden,
  headCount: heads,
  headSize: plain + turned,
  rotaryHeadSize: turned,
  valueHeadSize,
  keyValueRank: rank,
  queryRank,
  queryKeyValueBias: queryRank !== null,
  outputBias: false,
  scale: 0.4,
  softCap: 0,
});

function build(
  g: GraphBuilder,
  x: Value,
  past: Value,
  shape: Shape,
  pairing: RotaryPairing,
  isFused: boolean,
) {
  const fused = g.constant('bool', [], [Number(isFused)]);
  const length = g.scalar('int64', cached);
  const places = g.constant('int64', [1, fresh], positions);
  const tokens = {
    key: past,
    value: past,
    mask: cacheMask(g, past, length),
    future: futureMask(g, places, fused, { window: null, together: null }),
    window: null,
    ...totalTokens(g, length, places),
    fused,
    attended: 'attended',
    pairs: fresh,
  };
  const tables = rotaryTables(rotary, 16);
  const turning = turnings(g, (own) => own)(places, {
    size: turned,
    tables,
    pairing,
    sections: null,
  });
  const { output, kept } = latentAttention(g, x, names, { ...shape, turning }, tokens);
  return { output, latent: kept[0] as Value };
}

/** The paper's formulas (9 to 19), token by token and head by head. */
function attendSlowly({ numbers }: RunBlock, shape: Shape, pairing: RotaryPairing) {
  const { valueHeadSize, queryRank } = shape;
  const rows = (name: string, columns: number) => toRows(numbers(name), columns);
  const normed = (row: Row, name: string): Row => {
    const size = Math.sqrt(dot(row, row) / row.length + 1e-6);
    return row.map((number, index) => (number / size) * numbers(`${name}.weight`)[index]!);
  };
  const turn = (row: Row, position: number): Row => {
    const result = [...row];
    for (let pair = 0; pair < turned / 2; pair++) {
      const [a, b] =
        pairing === 'neighbours' ? [2 * pair, 2 * pair + 1] : [pair, pair + turned / 2];
      const angle = position * rotary.base ** ((-2 * pair) / turned);
      result[a] = row[a]! * Math.cos(angle) - row[b]! * Math.sin(angle);
      result[b] = row[b]! * Math.cos(angle) + row[a]! * Math.sin(angle);
    }
    return result;
  };
  const x = rows('x', hidden);
  const queries =
    queryRank === null
      ? linear(x, rows('q.weight', hidden))
      : linear(
          linear(x, rows('q_a.weight', hidden), numbers('q_a.bias')).map((row) =>
            normed(row, 'q_norm'),
          ),
          rows('q_b.weight', queryRank),
        );
  const bias = queryRank === null ? undefined : numbers('kv_a.bias');
  const latent = linear(x, rows('kv_a.weight', hidden), bias).map((row, index) => [
    ...normed(row.slice(0, rank), 'kv_norm'),
    ...turn(row.slice(rank), positions[index]!),
  ]);
  const all = [...rows('past', rank + turned).slice(0, cached), ...latent];
  const made = linear(
    all.map((row) => row.slice(0, rank)),
    rows('kv_b.weight', rank),
  );
  const mixed = queries.map((query, index) =>
    Array.from({ length: heads }, (_head, head) => {
      const own = query.slice(head * (plain + turned), (head + 1) * (plain + turned));
      const asked = [...own.slice(0, plain), ...turn(own.slice(plain), positions[index]!)];
      const at = head * (plain + valueHeadSize);
      const seen = all.slice(0, cached + index + 1);
      const scores = seen.map((row, place) => {
        const key = [...made[place]!.slice(at, at + plain), ...row.slice(rank)];
        return shape.scale * dot(asked, key);
      });
      const weights = softmax(scores);
      return Array.from({ length: valueHeadSize }, (_channel, channel) =>
        dot(
          weights,
          seen.map((_row, place) => made[place]![at + plain + channel]!),
        ),
      );
    }).flat(),
  );
  const output = linear(mixed, rows('o.weight', heads * valueHeadSize));
  return { output: output.flat(), latent: latent.flat() };
}

it.each([
  ['of neighbours, narrow values, queries straight from tokens', 'neighbours', 3, null],
  ['of halves, wide values, queries from a latent, biases', 'halves', 13, 8],
] as const)(
  'latent attention is its formula in both forms: %s',
  async (_, pairing, size, query) => {
    const shape = shapeOf(size, query);
    const inputs = { x: [1, fresh, hidden], past: [1, 1, capacity, rank + turned] };
    for (const isFused of [true, false]) {
      const run = await bench.run(inputs, (g, { x, past }) =>
        build(g, x, past, shape, pairing, isFused),
      );
      const expected = attendSlowly(run, shape, pairing);
      expect(largestError(run.output('latent'), expected.latent)).toBeLessThan(3e-6);
      expect(largestError(run.output('output'), expected.output)).toBeLessThan(3e-6);
      expect(Math.max(...expected.output.map(Math.abs))).toBeGreaterThan(0.5);
    }
  },
);
