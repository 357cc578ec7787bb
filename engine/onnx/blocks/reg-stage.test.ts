import { afterAll, beforeAll, expect, it } from 'vitest';
import { countFlops } from '#engine/estimate/model-cost.ts';
import { BlockBench, type RunBlock } from '#verify/block-bench.testing.ts';
import {
  largestError,
  layerNorm,
  linear,
  silu,
  toRows,
  type Rows,
} from '#nodes/slow-formulas.testing.ts';
import { regStage } from './reg-stage.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

const [maps, rows, columns] = [2, 3, 4];
const places = rows * columns;
const each = (map: Rows, of: (number: number) => number): Rows => map.map((row) => row.map(of));
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Maps are written [place][channel]. */
function stageSlowly({ numbers }: RunBlock, x: Rows, inputs: number, outputs: number): Rows {
  const normed = (map: Rows, name: string) =>
    layerNorm(map, numbers(`${name}.bn.weight`), numbers(`${name}.bn.bias`), 1e-5);
  const mixed = (map: Rows, name: string) =>
    normed(linear(map, toRows(numbers(`${name}.conv.weight`), map[0]?.length ?? 0)), name);
  const around = (map: Rows, name: string) => {
    const kernels = toRows(numbers(`${name}.conv.weight`), 9);
    const seen = map.map((_, place) =>
      kernels.map((kernel, channel) => {
        const [row, column] = [Math.floor(place / columns), place % columns];
        return kernel.reduce((sum, weight, tap) => {
          const [y, z] = [row + Math.floor(tap / 3) - 1, column + (tap % 3) - 1];
          const isInside = y >= 0 && y < rows && z >= 0 && z < columns;
          return isInside ? sum + weight * (map[y * columns + z]?.[channel] ?? NaN) : sum;
        }, 0);
      }),
    );
    return normed(seen, name);
  };
  const weighted = (map: Rows, name: string, squeezed: number) => {
    const means = map[0]!.map(
      (_, channel) => map.reduce((sum, row) => sum + row[channel]!, 0) / places,
    );
    const down = toRows(numbers(`${name}.fc1.weight`), outputs);
    expect(down).toHaveLength(squeezed);
    const [low] = each(linear([means], down, numbers(`${name}.fc1.bias`)), silu);
    const up = toRows(numbers(`${name}.fc2.weight`), squeezed);
    const [gate] = linear([low ?? []], up, numbers(`${name}.fc2.bias`));
    return map.map((row) => row.map((z, channel) => z * sigmoid(gate?.[channel] ?? NaN)));
  };
  let map = x;
  for (const [index, from] of [inputs, outputs].entries()) {
    const name = `stage.b${index + 1}`;
    const seen = each(around(each(mixed(map, `${name}.conv1`), silu), `${name}.conv2`), silu);
    // Python's round: 2.5 → 2.
    const squeezed = from === 10 ? 2 : Math.round(from / 4);
    const branch = mixed(weighted(seen, `${name}.se`, squeezed), `${name}.conv3`);
    const shortcut = from === outputs ? map : mixed(map, `${name}.downsample`);
    map = branch.map((row, at) => row.map((z, channel) => silu(z + shortcut[at]![channel]!)));
  }
  return map;
}

it.each([
  ['to more channels', 10, 12],
  ['to as many, with no convolution on the way around', 8, 8],
])('a stage is its bottlenecks one behind the other, %s', async (_, inputs, outputs) => {
  const grid = { rows, columns };
  const run = await bench.run({ x: [maps, places, inputs] }, (g, { x }) => ({
    seen: regStage(g, x, grid, 'stage', { inputs, outputs, depth: 2 }),
  }));
  const size = inputs * places;
  const expected = Array.from({ length: maps }, (_none, map) => {
    const tokens = toRows(run.numbers('x').slice(map * size, (map + 1) * size), inputs);
    return stageSlowly(run, tokens, inputs, outputs).flat();
  });
  expect(run.shapes['seen']).toEqual([maps, places, outputs]);
  expect(largestError(run.output('seen'), expected.flat())).toBeLessThan(1e-5);

  const squeezes = [inputs === 10 ? 2 : inputs / 4, outputs / 4];
  const perPlace = [inputs, outputs].map(
    (from) => from * outputs + 9 * outputs + outputs ** 2 + (from === outputs ? 0 : from * outputs),
  );
  const perMap = squeezes.map((squeezed) => 2 * squeezed * outputs);
  const total = (parts: readonly number[]) => parts.reduce((sum, part) => sum + part, 0);
  expect(countFlops(run.model, {})).toBe(2 * maps * (places * total(perPlace) + total(perMap)));
});
