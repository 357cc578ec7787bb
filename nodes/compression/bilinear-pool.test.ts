import { afterAll, beforeAll, expect, test } from 'vitest';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError, toRows } from '../slow-formulas.testing.ts';
import { bilinearPool } from './bilinear-pool.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

/** A 5 × 7 grid behind a class token. */
const wire: WireOf<'tokens'> = {
  kind: 'tokens',
  count: knownCount(1 + 35),
  channels: 3,
  prefixTokens: 1,
  grid: { rows: 5, columns: 7 },
};

const single = (factor: number, tokens = wire) => ({
  definition: bilinearPool,
  params: { factor },
  inputs: { tokens },
});

/** Between which two of `from` places one of `to` lies, and how much of the second it takes. */
function between(place: number, from: number, to: number) {
  const at = Math.max(((place + 0.5) * from) / to - 0.5, 0);
  const low = Math.floor(at);
  return { low, high: Math.min(low + 1, from - 1), share: at - low };
}

test.for([
  [1, 5, 7],
  [2, 3, 4],
  [3, 2, 3],
  [7, 1, 1],
] as const)(
  'a factor of %i leaves %i × %i tokens, each mixed of the four around its place',
  async ([factor, rows, columns]) => {
    const data = normalNumbers(36 * 3, factor);
    const { tokens } = await bench.runNode(single(factor), { tokens: float32(data, [1, 36, 3]) });
    const patches = toRows(data, 3).slice(1);
    const expected: number[] = [];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const [y, x] = [between(row, 5, rows), between(column, 7, columns)];
        for (let channel = 0; channel < 3; channel++) {
          const at = (down: number, across: number) => patches[down * 7 + across]?.[channel] ?? NaN;
          const top = at(y.low, x.low) * (1 - x.share) + at(y.low, x.high) * x.share;
          const bottom = at(y.high, x.low) * (1 - x.share) + at(y.high, x.high) * x.share;
          expected.push(top * (1 - y.share) + bottom * y.share);
        }
      }
    }
    expect(tokens?.dims).toEqual([1, rows * columns, 3]);
    expect(largestError(floatsOf(tokens), expected)).toBeLessThan(1e-5);
  },
);

test('the wire says what comes out, and what cannot be is a problem', () => {
  const built = buildSingleNode(single(2));
  expect(built.ok && built.value.outputs).toMatchObject({
    tokens: { count: knownCount(12), prefixTokens: 0, grid: { rows: 3, columns: 4 } },
  });
  const codes = [single(8), single(2, { ...wire, grid: null })].map((wrong) => {
    const outcome = buildSingleNode(wrong);
    return outcome.ok ? [] : outcome.problems.map(({ code, param, port }) => [code, param ?? port]);
  });
  expect(codes).toEqual([
    [['dimension-mismatch', 'factor']],
    [['arrangement-unsupported', 'tokens']],
  ]);
});
