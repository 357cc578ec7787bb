import { afterAll, beforeAll, expect, test } from 'vitest';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { linear } from '../projector/linear.ts';
import { pixelShuffle } from './pixel-shuffle.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

/** A grid behind a class token. */
const gridWire = (rows: number, columns: number): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(1 + rows * columns),
  channels: 2,
  prefixTokens: 1,
  grid: { rows, columns },
});

test('each group of tokens lies in one wide token, row by row, whatever the shape of the grid', async () => {
  // Every number tells where it comes from: row, column, channel.
  const numbers: number[] = [-1, -1];
  for (let row = 0; row < 4; row++) {
    for (let column = 0; column < 6; column++) {
      for (let channel = 0; channel < 2; channel++) numbers.push(100 * row + 10 * column + channel);
    }
  }
  const { tokens } = await bench.runNode(
    { definition: pixelShuffle, params: { factor: 2 }, inputs: { tokens: gridWire(4, 6) } },
    { tokens: float32(Float32Array.from(numbers), [1, 25, 2]) },
  );
  expect(tokens?.dims).toEqual([1, 6, 8]);
  const group = (row: number, column: number) =>
    [0, 10, 100, 110].flatMap((at) =>
      [0, 1].map((channel) => 200 * row + 20 * column + at + channel),
    );
  expect(Array.from(floatsOf(tokens))).toEqual([
    ...[group(0, 0), group(0, 1), group(0, 2)].flat(),
    ...[group(1, 0), group(1, 1), group(1, 2)].flat(),
  ]);
});

test('a grid that does not divide is a problem, and so are tokens without a grid', () => {
  const codeOf = (tokens: WireOf<'tokens'>) => {
    const inputs = { tokens };
    const built = buildSingleNode({ definition: pixelShuffle, params: { factor: 4 }, inputs });
    return built.ok ? null : built.problems.map(({ code, param, port }) => [code, param ?? port]);
  };
  expect(codeOf(gridWire(4, 6))).toEqual([['dimension-mismatch', 'factor']]);
  expect(codeOf({ ...gridWire(4, 8), grid: null })).toEqual([
    ['arrangement-unsupported', 'tokens'],
  ]);
  expect(codeOf(gridWire(4, 8))).toBeNull();
});

test('it asks for the part of a width that makes it whole, and for nothing where no part does', () => {
  const asked = (channels?: number) =>
    pixelShuffle.demand?.({ params: { factor: 3 }, demands: { tokens: { channels } } });
  expect([asked(9 * 1152), asked(2048), asked()]).toEqual([
    { tokens: { channels: 1152 } },
    { tokens: { channels: undefined } },
    { tokens: { channels: undefined } },
  ]);
  // Else a projector before it would be built with a broken number of channels.
  const before = buildSingleNode({
    definition: linear,
    params: {},
    inputs: { tokens: gridWire(3, 3) },
    demands: { tokens: asked(2048)?.['tokens'] ?? {} },
  });
  expect(before.ok ? null : before.problems[0]?.param).toBe('outputWidth');
});
