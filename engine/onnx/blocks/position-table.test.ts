/** The way from pixels to tokens that know where they are. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countFlops } from '#engine/estimate/model-cost.ts';
import { BlockBench } from '#verify/block-bench.testing.ts';
import { largestError, linear, toRows } from '#nodes/slow-formulas.testing.ts';
import type { GraphBuilder } from '../graph-builder.ts';
import type { Interpolation, TableGrid } from '../weight.ts';
import { mapToTokens, tokensToMap } from './feature-map.ts';
import { patchEmbedding, patchGrid, patchVectors, prependTokens } from './patch-embedding.ts';
import { resizeMap } from './resize.ts';
import {
  bucketedPositions,
  learnedPositions,
  positionedTokens,
  positionTable,
  sineCosinePositions,
  type PositionTable,
} from './position-table.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

const close = 2e-6;
const hiddenSize = 3;
const trained = { rows: 4, columns: 5 };

const table = (
  g: GraphBuilder,
  { name = 'positions', ...more }: Partial<PositionTable> & { readonly name?: string },
): PositionTable =>
  learnedPositions(g, name, hiddenSize, {
    prefixTokens: 0,
    trained,
    kernel: 'bicubic',
    antialias: false,
    ...more,
  });

/** ONNX Runtime's own operator, over the table as a map. [N, D] → [N', D] */
function resize(
  g: GraphBuilder,
  { rows, columns }: TableGrid,
  kernel: Interpolation['kernel'],
  antialias: boolean,
) {
  const whole = g.tensor('positions', [trained.rows * trained.columns, hiddenSize], 'embedding');
  const shape = [1, trained.rows * trained.columns, hiddenSize];
  const map = tokensToMap(g, g.weight({ kind: 'reshape', of: whole, shape }), trained);
  const resized = resizeMap(g, map, { rows, columns }, { kernel, antialias });
  return mapToTokens(g, resized);
}

describe('a table of positions', () => {
  const grids: readonly TableGrid[] = [
    { rows: 7, columns: 9 },
    { rows: 2, columns: 3 },
    { rows: 3, columns: 8 },
    { rows: 1, columns: 1 },
  ];
  const kinds = (['bicubic', 'bilinear'] as const).flatMap((kernel) =>
    [false, true].map((antialias) => ({ kernel, antialias })),
  );
  it.each(kinds)('is brought to another grid: $kernel, antialias $antialias', async (kind) => {
    const ran = await bench.run({}, (g) =>
      Object.fromEntries(
        grids.flatMap((grid, index) => [
          [`ours${index}`, g.weight(positionTable(table(g, kind), grid))],
          [`theirs${index}`, resize(g, grid, kind.kernel, kind.antialias)],
        ]),
      ),
    );
    for (const [index, { rows, columns }] of grids.entries()) {
      const [ours, theirs] = [ran.output(`ours${index}`), ran.output(`theirs${index}`)];
      expect(ours).toHaveLength(rows * columns * hiddenSize);
      expect(largestError(ours, theirs), `${rows} × ${columns}`).toBeLessThan(close);
    }
  });

  it('may be fixed: sines and cosines of the column, then of the row', async () => {
    const grid = { rows: 2, columns: 3 };
    const ran = await bench.run({}, (g) => ({
      table: g.weight(sineCosinePositions(grid, 8)),
    }));
    const half = (at: number) => [
      Math.sin(at),
      Math.sin(at / 100),
      Math.cos(at),
      Math.cos(at / 100),
    ];
    const expected = [0, 1].flatMap((y) => [0, 1, 2].flatMap((x) => [...half(x), ...half(y)]));
    expect(largestError(ran.output('table'), expected)).toBeLessThan(close);
  });

  it.each([
    [{ rows: 7, columns: 3 }, [0, 0, 1, 1, 2, 2, 3], [0, 1, 3]],
    [{ rows: 2, columns: 5 }, [0, 2], [0, 1, 2, 3, 4]],
    [{ rows: 4, columns: 1 }, [0, 1, 2, 3], [0]],
    [trained, [0, 1, 2, 3], [0, 1, 2, 3, 4]],
  ])('is picked at the same share of the way: %o', async (grid, down, across) => {
    const ran = await bench.run({}, (g) => ({ picked: bucketedPositions(g, table(g, {}), grid) }));
    const rows = toRows(ran.numbers('positions'), hiddenSize);
    const expected = down.flatMap((y) => across.map((x) => rows[y * trained.columns + x] ?? []));
    expect(ran.output('picked')).toEqual(expected.flat());
  });

  it('stays as it is on the grid it was trained on, and its class token on any', async () => {
    const ran = await bench.run({}, (g) => {
      const stored = table(g, { prefixTokens: 1 });
      return {
        same: g.weight(positionTable(stored, trained)),
        other: g.weight(positionTable(stored, { rows: 2, columns: 2 })),
      };
    });
    expect(ran.output('same')).toEqual(ran.numbers('positions'));
    expect(ran.output('other').slice(0, hiddenSize)).toEqual(
      ran.numbers('positions').slice(0, hiddenSize),
    );
  });

  it('is added to patches, and to the class token where it has a row for it', async () => {
    const inputs = { patches: [2, 20, hiddenSize] };
    const run = (prefixTokens: number) =>
      bench.run(inputs, (g, { patches }) => {
        const learned = [
          { of: g.tensor('class', [1, 1, hiddenSize], 'embedding'), count: 1 },
          { of: g.tensor('registers', [1, 2, hiddenSize], 'embedding'), count: 2 },
        ];
        return {
          tokens: positionedTokens(g, patches, learned, table(g, { prefixTokens }), trained),
          bare: positionedTokens(g, patches, [], table(g, { name: 'others' }), trained),
        };
      });
    for (const prefixTokens of [0, 1]) {
      const ran = await run(prefixTokens);
      const positions = toRows(ran.numbers('positions'), hiddenSize);
      const plus = (row: readonly number[], position: readonly number[] | undefined) =>
        row.map((number, channel) => number + (position?.[channel] ?? 0));
      const before = [
        plus(ran.numbers('class'), prefixTokens === 1 ? positions[0] : undefined),
        ...toRows(ran.numbers('registers'), hiddenSize),
      ];
      const patches = toRows(ran.numbers('patches'), hiddenSize);
      const expected = [0, 1].flatMap((picture) => [
        ...before,
        ...patches
          .slice(20 * picture, 20 * picture + 20)
          .map((row, place) => plus(row, positions[prefixTokens + place])),
      ]);
      expect(largestError(ran.output('tokens'), expected.flat())).toBeLessThan(close);
      expect(ran.shapes).toEqual({ tokens: [2, 23, hiddenSize], bare: [2, 20, hiddenSize] });
    }
  });
});

describe('patches', () => {
  it('of a rectangular picture are tokens, row by row; a rest that fills none is dropped', async () => {
    const shape = { patchSize: 4, hiddenSize: 5, bias: true };
    const ran = await bench.run({ pixels: [2, 3, 9, 14] }, (g, { pixels }) => ({
      tokens: patchEmbedding(g, pixels, 'embed.projection', shape),
    }));
    expect(patchGrid({ height: 9, width: 14 }, shape)).toEqual({ rows: 2, columns: 3 });
    const pixels = ran.numbers('pixels');
    const cut = [0, 1].flatMap((picture) =>
      [0, 1, 2, 3, 4, 5].map((patch) => {
        const [top, left] = [4 * Math.floor(patch / 3), 4 * (patch % 3)];
        return Array.from({ length: 3 * 16 }, (_, index) => {
          const [channel, y, x] = [Math.floor(index / 16), Math.floor(index / 4) % 4, index % 4];
          return pixels[((picture * 3 + channel) * 9 + top + y) * 14 + left + x]!;
        });
      }),
    );
    const weight = toRows(ran.numbers('embed.projection.weight'), 3 * 16);
    const expected = linear(cut, weight, ran.numbers('embed.projection.bias'));
    expect(largestError(ran.output('tokens'), expected.flat())).toBeLessThan(close);
    expect(countFlops(ran.model, {})).toBe(2 * 2 * 6 * 5 * 48);
  });

  it.each(['channels', 'pixels'] as const)(
    'are vectors of their %s side by side',
    async (inside) => {
      const ran = await bench.run({ pixels: [2, 3, 9, 14] }, (g, { pixels }) => ({
        vectors: patchVectors(g, pixels, { patchSize: 4, inside }),
      }));
      const pixels = ran.numbers('pixels');
      const expected = Array.from({ length: 2 * 6 * 48 }, (_, index) => {
        const [at, patch, picture] = [
          index % 48,
          Math.floor(index / 48) % 6,
          Math.floor(index / 288),
        ];
        const [channel, place] =
          inside === 'channels' ? [at % 3, Math.floor(at / 3)] : [Math.floor(at / 16), at % 16];
        const y = 4 * Math.floor(patch / 3) + Math.floor(place / 4);
        const x = 4 * (patch % 3) + (place % 4);
        return pixels[((picture * 3 + channel) * 9 + y) * 14 + x];
      });
      expect(ran.output('vectors')).toEqual(expected);
      expect(ran.shapes['vectors']).toEqual([2, 6, 48]);
    },
  );

  it('may overlap', async () => {
    const shape = { patchSize: 4, stride: 2, padding: 1, hiddenSize: 5, bias: false };
    const ran = await bench.run({ pixels: [1, 3, 6, 8] }, (g, { pixels }) => ({
      tokens: patchEmbedding(g, pixels, 'embed', shape),
    }));
    expect(patchGrid({ height: 6, width: 8 }, shape)).toEqual({ rows: 3, columns: 4 });
    expect(ran.shapes['tokens']).toEqual([1, 12, 5]);
  });

  it('of as many pictures as there are when the graph runs get the same tokens before them', async () => {
    const ran = await bench.run({ tokens: [3, 2, hiddenSize] }, (g, { tokens }) => {
      const views = { ...tokens, shape: ['views', 2, hiddenSize] };
      const learned = [{ of: g.tensor('class', [hiddenSize], 'embedding'), count: 1 }];
      return { all: prependTokens(g, views, learned) };
    });
    const [first, tokens] = [ran.numbers('class'), ran.numbers('tokens')];
    const expected = [0, 6, 12].flatMap((start) => [...first, ...tokens.slice(start, start + 6)]);
    expect(ran.output('all')).toEqual(expected);
  });
});
