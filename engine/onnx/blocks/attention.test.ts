import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BlockBench, type BlockShapes } from '#verify/block-bench.testing.ts';
import {
  attend as attendSlowly,
  largestError,
  linear,
  toRows,
} from '#nodes/slow-formulas.testing.ts';
import { countFlops } from '#engine/estimate/model-cost.ts';
import {
  alternatingAxialTable,
  axialTable,
  centredAxialTable,
  stretchedAxialTable,
} from '../axial-rotary.ts';
import type { AxialRotaryTable } from '../weight.ts';
import { norm } from './norm.ts';
import { greater } from '../operators.ts';
import { attend } from './attention.ts';
import { normHeads, rotateHeads } from './attention-heads.ts';
import {
  allBiased,
  joinedProjections,
  projectAll,
  separateProjections,
  type AttentionShape,
  type QueryKeyValue,
} from './attention-projections.ts';
import type { Value } from '../value.ts';
import type { BlockValues } from '#verify/block-bench.testing.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

const close = 2e-6;
const asParts = ({ query, key, value }: BlockValues) =>
  ({ query, key, value }) as QueryKeyValue<Value>;

/** Two pictures, five queries, seven keys. */
const [pictures, queries, keys] = [2, 5, 7];
const sizes = (heads: number, keyValueHeads: number, headSize: number): BlockShapes => ({
  query: [pictures, queries, heads * headSize],
  key: [pictures, keys, keyValueHeads * headSize],
  value: [pictures, keys, keyValueHeads * headSize],
});

/** A tensor [pictures, rows, columns] by picture and row. */
const byPicture = (numbers: readonly number[], columns: number) => {
  const rows = toRows(numbers, columns);
  const each = rows.length / pictures;
  return Array.from({ length: pictures }, (_, picture) =>
    rows.slice(picture * each, (picture + 1) * each),
  );
};

describe.each([
  ['as many key heads as heads', 4, 4],
  ['two heads to a key head', 4, 2],
  ['one key head for all', 4, 1],
])('%s', (_, heads, keyValueHeads) => {
  const headSize = 6;
  const shape = { headCount: heads, keyValueHeadCount: keyValueHeads };
  it.each<[string, Record<string, readonly number[]>]>([
    ['plain', {}],
    ['with a bias of each head', { bias: [heads, queries, keys] }],
    ['with a bias of each picture and head', { bias: [pictures, heads, queries, keys] }],
    ['with a bias of each picture and key', { bias: [pictures, 1, 1, keys] }],
    ['with the log size of each key', { bias: [1, 1, 1, keys] }],
    ['with keys that are not there', { there: [pictures, keys] }],
    ['with both', { bias: [heads, queries, keys], there: [pictures, keys] }],
  ])('%s, every query mixes what it sees', async (_name, more) => {
    const ran = await bench.run(
      { ...sizes(heads, keyValueHeads, headSize), ...more },
      (g, given) => {
        const there = given['there'] ? greater(g, given['there'], g.scalar('float32', -0.5)) : null;
        const options = { bias: given['bias'] ?? null, keys: there };
        return { mixed: attend(g, asParts(given), shape, options) };
      },
    );
    const [query, key, value] = [
      byPicture(ran.numbers('query'), heads * headSize),
      byPicture(ran.numbers('key'), keyValueHeads * headSize),
      byPicture(ran.numbers('value'), keyValueHeads * headSize),
    ];
    const there = more['there'] ? ran.numbers('there') : null;
    const bias = (picture: number) => (head: number, at: number, place: number) => {
      if (there && !(there[picture * keys + place]! > -0.5)) return -Infinity;
      if (!more['bias']) return 0;
      const dims = [1, ...more['bias']].slice(-4) as [number, number, number, number];
      const index = [picture, head, at, place].reduce(
        (sum, of, axis) => sum * dims[axis]! + Math.min(of, dims[axis]! - 1),
        0,
      );
      return ran.numbers('bias')[index]!;
    };
    const expected = query.map((rows, picture) =>
      attendSlowly(rows, key[picture]!, value[picture]!, heads, keyValueHeads, bias(picture)),
    );
    expect(largestError(ran.output('mixed'), expected.flat(2))).toBeLessThan(close);
    expect(ran.shapes['mixed']).toEqual([pictures, queries, heads * headSize]);
    // q kᵀ and its product with v: a multiplication and an addition each.
    const products = 2 * pictures * queries * keys * heads * headSize;
    expect(countFlops(ran.model, {})).toBe(2 * products);
  });
});

describe('projections', () => {
  const shape: AttentionShape = { hiddenSize: 12, headCount: 3 };
  const names = { query: 'q', key: 'k', value: 'v' };

  it('lie apart, each with a bias or without, and look at tokens of another width', async () => {
    const wide = { ...shape, memorySize: 5, headSize: 2, keyValueHeadCount: 1 };
    const ran = await bench.run({ x: [1, 4, 12], memory: [1, 6, 5] }, (g, { x, memory }) => ({
      ...projectAll(
        g,
        x,
        memory,
        separateProjections(g, names, wide, { query: true, key: false, value: true }),
      ),
    }));
    const slow = (of: string, input: string, columns: number) =>
      linear(
        toRows(ran.numbers(input), columns),
        toRows(ran.numbers(`${of}.weight`), columns),
        of === 'k' ? undefined : ran.numbers(`${of}.bias`),
      ).flat();
    expect(largestError(ran.output('query'), slow('q', 'x', 12))).toBeLessThan(close);
    expect(largestError(ran.output('key'), slow('k', 'memory', 5))).toBeLessThan(close);
    expect(largestError(ran.output('value'), slow('v', 'memory', 5))).toBeLessThan(close);
    expect(ran.shapes).toEqual({ query: [1, 4, 6], key: [1, 6, 2], value: [1, 6, 2] });
  });

  it('lie in one matrix: rows of queries, then of keys, then of values', async () => {
    const grouped = { ...shape, keyValueHeadCount: 1 };
    const joined = { weight: 'qkv.weight', bias: 'qkv.bias' };
    const ran = await bench.run({ x: [1, 4, 12] }, (g, { x }) => ({
      ...projectAll(g, x, x, joinedProjections(g, joined, grouped)),
    }));
    const all = linear(
      toRows(ran.numbers('x'), 12),
      toRows(ran.numbers('qkv.weight'), 12),
      ran.numbers('qkv.bias'),
    );
    const columns = (from: number, to: number) => all.flatMap((row) => row.slice(from, to));
    expect(largestError(ran.output('query'), columns(0, 12))).toBeLessThan(close);
    expect(largestError(ran.output('key'), columns(12, 16))).toBeLessThan(close);
    expect(largestError(ran.output('value'), columns(16, 20))).toBeLessThan(close);
  });

  it('are three products of the width', async () => {
    const ran = await bench.run({ x: [2, 4, 12] }, (g, { x }) => ({
      ...projectAll(g, x, x, separateProjections(g, names, shape, allBiased)),
    }));
    expect(countFlops(ran.model, {})).toBe(2 * 3 * 2 * 4 * 12 * 12);
  });
});

it('each head has a norm of its own channels, with the weight of all heads', async () => {
  const kind = { kind: 'rms', epsilon: 1e-5 } as const;
  const ran = await bench.run({ x: [1, 3, 8] }, (g, { x }) => ({
    heads: normHeads(g, x, 4, 'q_norm', kind),
    whole: norm(g, x, 'whole', kind),
  }));
  const weight = ran.numbers('q_norm.weight');
  const expected = toRows(ran.numbers('x'), 4).flatMap((head) => {
    const square = head.reduce((sum, number) => sum + number ** 2, 0) / 4;
    return head.map((number, channel) => (number / Math.sqrt(square + 1e-5)) * weight[channel]!);
  });
  expect(largestError(ran.output('heads'), expected)).toBeLessThan(close);
  expect(largestError(ran.output('whole'), expected)).toBeGreaterThan(0.1);
});

/** Two heads of eight channels, so two pairs a head turn by the row and two by the column. */
const [headSize, rows, columns, prefixTokens] = [8, 2, 4, 1];
const shape = { grid: { rows, columns }, headSize, base: 100, prefixTokens };
type Angles = (row: number, column: number) => readonly number[];
/** What each published model says an angle is, pair by pair. */
const styles: readonly (readonly [string, AxialRotaryTable, Angles])[] = [
  [
    'Qwen2-VL: frequencies of half a head for rows, the same for columns',
    axialTable(shape),
    (y, x) => [y, y / 10, x, x / 10],
  ],
  [
    'Pixtral: frequencies of the whole head, by turns for rows and for columns',
    alternatingAxialTable(shape),
    (y, x) => [y, y / 100 ** 0.5, x / 100 ** 0.25, x / 100 ** 0.75],
  ],
  [
    'EVA-02: a grid as wide as the trained one',
    stretchedAxialTable({ ...shape, trainedGrid: { rows: 6, columns: 6 } }),
    (y, x) => [3 * y, 0.3 * y, 1.5 * x, 0.15 * x],
  ],
  [
    'DINOv3: centres of patches from −1 to 1, whole turns',
    centredAxialTable(shape),
    (y, x) => {
      const [down, across] = [2 * ((y + 0.5) / 2) - 1, 2 * ((x + 0.5) / 4) - 1];
      return [down, down / 10, across, across / 10].map((turn) => 2 * Math.PI * turn);
    },
  ],
];

describe('rotary positions on a grid', () => {
  const tokens = prefixTokens + rows * columns;
  const turn = async (table: AxialRotaryTable, pairing: 'halves' | 'neighbours') => {
    const ran = await bench.run({ x: [2, tokens, 2 * headSize] }, (g, { x }) => ({
      turned: rotateHeads(g, x, headSize, table, pairing),
    }));
    return { x: toRows(ran.numbers('x'), headSize), turned: ran.output('turned') };
  };
  const slowly = (
    head: readonly number[],
    angles: readonly number[],
    pairing: 'halves' | 'neighbours',
  ) => {
    const result = [...head];
    for (const [pair, angle] of angles.entries()) {
      const [a, b] = pairing === 'halves' ? [pair, pair + 4] : [2 * pair, 2 * pair + 1];
      result[a] = head[a]! * Math.cos(angle) - head[b]! * Math.sin(angle);
      result[b] = head[b]! * Math.cos(angle) + head[a]! * Math.sin(angle);
    }
    return result;
  };

  it.each(styles)('%s', async (_, table, angles) => {
    for (const pairing of ['halves', 'neighbours'] as const) {
      const { x, turned } = await turn(table, pairing);
      const expected = x.flatMap((head, index) => {
        const patch = (Math.floor(index / 2) % tokens) - prefixTokens;
        // The class token keeps what it has.
        if (patch < 0) return head;
        return slowly(head, angles(Math.floor(patch / columns), patch % columns), pairing);
      });
      expect(largestError(turned, expected), pairing).toBeLessThan(close);
    }
  });

  it('follow patches that come in groups, as the merger of Qwen2-VL joins them', async () => {
    const { x, turned } = await turn(axialTable({ ...shape, group: 2 }), 'halves');
    const order = [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
      [0, 2],
      [0, 3],
      [1, 2],
      [1, 3],
    ] as const;
    const expected = x.flatMap((head, index) => {
      const patch = (Math.floor(index / 2) % tokens) - prefixTokens;
      const [row, column] = order[patch] ?? [0, 0];
      return slowly(head, [row, row / 10, column, column / 10], 'halves');
    });
    expect(largestError(turned, expected)).toBeLessThan(close);
  });

  it('need a row for each token', async () => {
    await expect(turn(axialTable({ ...shape, prefixTokens: 0 }), 'halves')).rejects.toThrow(
      'A table [8, 4] does not turn "x" [2, 9, 16].',
    );
  });
});
