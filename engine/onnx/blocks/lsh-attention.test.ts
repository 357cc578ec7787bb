/** LSH attention against its formula: softmax over whatever any of the hashes brings within reach. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BlockBench } from '#verify/block-bench.testing.ts';
import {
  dot,
  largestError,
  softmax,
  toRows,
  type Row,
  type Rows,
} from '#nodes/slow-formulas.testing.ts';
import { fillComputedTable } from '../computed-table.ts';
import { lshAttention, usualChunkSize, type LshShape } from './lsh-attention.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

const [headCount, size] = [2, 8];
const width = headCount * size;
const base: LshShape = { headCount, hashes: 1, buckets: 4, chunkSize: 6, seed: 3, use: 'layers.0' };

async function run(count: number, shape: LshShape) {
  const dims = [2, count, width];
  const ran = await bench.run({ query: dims, value: dims }, (g, { query, value }) => ({
    y: lshAttention(g, query, value, shape),
  }));
  const pictures = (name: string): readonly Rows[] => {
    const rows = toRows(ran.numbers(name), width);
    return [rows.slice(0, count), rows.slice(count)];
  };
  return { query: pictures('query'), value: pictures('value'), y: ran.output('y') };
}

/** The bucket of a head's query in each round: the nearest of the directions and of their opposites. */
function hashesOf(query: Row, { hashes, buckets, seed, use }: LshShape): readonly number[] {
  if (buckets === 1) return Array.from({ length: hashes }, () => 0);
  const half = buckets / 2;
  const table = { rows: hashes * half, columns: size, seed, use };
  const directions = toRows(fillComputedTable({ table: 'random-directions', ...table }), size);
  return Array.from({ length: hashes }, (_, round) => {
    const along = directions.slice(round * half, (round + 1) * half).map((row) => dot(row, query));
    const both = [...along, ...along.map((number) => -number)];
    return both.indexOf(Math.max(...both));
  });
}

/** For each token, the tokens that it reaches in at least one round. */
function reachOf(queries: Rows, shape: LshShape): readonly ReadonlySet<number>[] {
  const hashes = queries.map((query) => hashesOf(query, shape));
  const chunks = Math.ceil(queries.length / shape.chunkSize);
  const reach = queries.map(() => new Set<number>());
  for (let round = 0; round < shape.hashes; round++) {
    const bucket = (token: number) => hashes[token]?.[round] ?? NaN;
    const order = [...queries.keys()].toSorted((a, b) => bucket(a) - bucket(b) || a - b);
    const chunk = (token: number) => Math.floor(order.indexOf(token) / shape.chunkSize);
    for (const i of queries.keys())
      for (const j of queries.keys()) {
        const isNear = [0, 1].some((back) => (chunk(i) - back + chunks) % chunks === chunk(j));
        if (isNear && bucket(i) === bucket(j)) reach[i]?.add(j);
      }
  }
  return reach;
}

/** Each token over those that it reaches, itself only where there is no other. */
function attendSlowly(
  query: Rows,
  value: Rows,
  shape: LshShape,
  reaches?: 'all',
): readonly number[] {
  const heads = Array.from({ length: headCount }, (_, head) => {
    const cut = (row: Row) => row.slice(head * size, (head + 1) * size);
    const [queries, values] = [query.map(cut), value.map(cut)];
    const unit = queries.map((row) => row.map((number) => number / Math.sqrt(dot(row, row))));
    const everyone = new Set(queries.keys());
    const reach = reaches ? queries.map(() => everyone) : reachOf(queries, shape);
    return queries.map((asking, i) => {
      const others = [...(reach[i] ?? [])].filter((j) => j !== i);
      const seen = others.length > 0 ? others : [i];
      const shares = softmax(seen.map((j) => dot(asking, unit[j] ?? []) / Math.sqrt(size)));
      return Array.from({ length: size }, (_none, channel) =>
        dot(
          shares,
          seen.map((j) => values[j]?.[channel] ?? NaN),
        ),
      );
    });
  });
  return query.flatMap((_, token) => heads.flatMap((head) => head[token] ?? []));
}

describe.each([
  ['one hash', { hashes: 1 }],
  ['three hashes', { hashes: 3 }],
  ['many small buckets', { hashes: 2, buckets: 16, chunkSize: 4 }],
  ['two chunks', { hashes: 2, chunkSize: 13 }],
  ['one chunk that is not filled', { hashes: 4, chunkSize: 40 }],
  ['chunks of one token', { hashes: 2, chunkSize: 1 }],
])('%s', (_name, own) => {
  test.each([24, 25])('of %i tokens is the formula', async (count) => {
    const shape = { ...base, ...own };
    const { query, value, y } = await run(count, shape);
    const expected = [0, 1].flatMap((picture) =>
      attendSlowly(query[picture] ?? [], value[picture] ?? [], shape),
    );
    expect(largestError(y, expected)).toBeLessThan(1e-4);
    const whole = [0, 1].flatMap((picture) =>
      attendSlowly(query[picture] ?? [], value[picture] ?? [], shape, 'all'),
    );
    expect(largestError(y, whole)).toBeGreaterThan(0.1);
  });
});

test.each([
  ['one chunk', 30, 1],
  ['two chunks', 15, 1],
  ['two chunks, hashed thrice', 16, 3],
])(
  'one bucket in %s is full attention of shared queries and keys',
  async (_, chunkSize, hashes) => {
    const shape = { ...base, buckets: 1, chunkSize, hashes };
    const { query, value, y } = await run(30, shape);
    const expected = [0, 1].flatMap((picture) =>
      attendSlowly(query[picture] ?? [], value[picture] ?? [], shape, 'all'),
    );
    expect(largestError(y, expected)).toBeLessThan(1e-4);
  },
);

test('a token alone sees itself', async () => {
  const { value, y } = await run(1, { ...base, chunkSize: 1, hashes: 2 });
  expect(largestError(y, value.flat(2))).toBeLessThan(1e-5);
});

test('a chunk is twice the mean bucket, and never more than there is', () => {
  expect(usualChunkSize(1024, 16)).toBe(128);
  expect(usualChunkSize(577, 16)).toBe(73);
  expect(usualChunkSize(50, 1)).toBe(50);
});
