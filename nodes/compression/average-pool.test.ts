import { afterAll, beforeAll, expect, test } from 'vitest';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError, toRows } from '../slow-formulas.testing.ts';
import { averagePool } from './average-pool.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

/** A 5 × 7 grid behind a class token and a register. */
const wire: WireOf<'tokens'> = {
  kind: 'tokens',
  count: knownCount(2 + 35),
  channels: 3,
  prefixTokens: 2,
  grid: { rows: 5, columns: 7 },
};

const single = (kernel: number, tokens = wire) => ({
  definition: averagePool,
  params: { kernel },
  inputs: { tokens },
});

test.for([
  [1, 5, 7],
  [2, 2, 3],
  [3, 1, 2],
  [5, 1, 1],
] as const)(
  'each %i × %i group becomes its mean; class token and what fills no group go',
  async ([kernel, rows, columns]) => {
    const data = normalNumbers(37 * 3, kernel);
    const { tokens } = await bench.runNode(single(kernel), { tokens: float32(data, [1, 37, 3]) });

    const patches = toRows(data, 3).slice(2);
    const expected: number[] = [];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        for (let channel = 0; channel < 3; channel++) {
          let sum = 0;
          for (let y = row * kernel; y < (row + 1) * kernel; y++) {
            for (let x = column * kernel; x < (column + 1) * kernel; x++) {
              sum += patches[y * 7 + x]?.[channel] ?? NaN;
            }
          }
          expected.push(sum / kernel ** 2);
        }
      }
    }
    expect(tokens?.dims).toEqual([1, rows * columns, 3]);
    expect(largestError(floatsOf(tokens), expected)).toBeLessThan(1e-6);
  },
);

test('the wire says what comes out, and a group larger than the grid is a problem', () => {
  const built = buildSingleNode(single(2));
  expect(built.ok && built.value.outputs).toEqual({
    tokens: {
      kind: 'tokens',
      count: knownCount(6),
      channels: 3,
      prefixTokens: 0,
      grid: { rows: 2, columns: 3 },
    },
  });
  const codes = [single(6), single(2, { ...wire, grid: null })].map((wrong) => {
    const outcome = buildSingleNode(wrong);
    return outcome.ok ? [] : outcome.problems.map(({ code, param, port }) => [code, param ?? port]);
  });
  expect(codes).toEqual([
    [['dimension-mismatch', 'kernel']],
    [['arrangement-unsupported', 'tokens']],
  ]);
});
