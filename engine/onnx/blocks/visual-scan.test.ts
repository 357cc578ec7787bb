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
import { visualScan, type ScanRoutes } from './visual-scan.ts';

let bench: BlockBench;
beforeAll(async () => {
  bench = await BlockBench.open();
});
afterAll(() => bench.close());

const [pictures, hiddenSize, innerSize, stateSize, stepRank] = [2, 5, 6, 3, 2];
const grid = { rows: 3, columns: 4 };
const places = grid.rows * grid.columns;

/** Places one behind the other, as rows and as columns. */
const byRows = Array.from({ length: places }, (_, place) => place);
const byColumns = byRows.map((at) => (at % grid.rows) * grid.columns + Math.floor(at / grid.rows));
const routesOf: Readonly<Record<ScanRoutes, readonly (readonly number[])[]>> = {
  bidirectional: [byRows, byRows.toReversed()],
  cross: [byRows, byColumns, byRows.toReversed(), byColumns.toReversed()],
};

/** The recurrence along one route, number by number. */
function walk({ numbers }: RunBlock, x: Rows, route: readonly number[], index: number): Rows {
  const own = (name: string, columns: number, count: number) =>
    toRows(numbers(`ss2d.${name}`), columns).slice(index * count, (index + 1) * count);
  const selection = own('x_proj_weight', innerSize, stepRank + 2 * stateSize);
  const stepWeight = own('dt_projs_weight', stepRank, innerSize);
  const [stepBias, skip] = ['dt_projs_bias', 'Ds'].map((name) => own(name, innerSize, 1)[0]!);
  const logRate = own('A_logs', stateSize, innerSize);
  const state = Array.from({ length: innerSize }, () => new Float64Array(stateSize));
  const output: (readonly number[])[] = [];
  for (const place of route) {
    const [selected] = linear([x[place]!], selection) as readonly [readonly number[]];
    const [write, read] = [0, 1].map((part) => selected.slice(stepRank + part * stateSize));
    const [step] = linear([selected.slice(0, stepRank)], stepWeight, stepBias);
    output[place] = x[place]!.map((entry, channel) => {
      const time = Math.log(1 + Math.exp(step![channel]!));
      let sum = skip![channel]! * entry;
      for (let n = 0; n < stateSize; n++) {
        const fade = Math.exp(-time * Math.exp(logRate[channel]![n]!));
        state[channel]![n] = fade * state[channel]![n]! + time * write![n]! * entry;
        sum += state[channel]![n]! * read![n]!;
      }
      return sum;
    });
  }
  return output;
}

function scanSlowly(run: RunBlock, tokens: Rows, routes: ScanRoutes): Rows {
  const of = (name: string) => run.numbers(`ss2d.${name}`);
  const both = linear(tokens, toRows(of('in_proj.weight'), hiddenSize));
  const kernels = toRows(of('conv2d.weight'), 9);
  const seen = both.map((_, place) =>
    kernels.map((kernel, channel) => {
      const [row, column] = [Math.floor(place / grid.columns), place % grid.columns];
      const sum = kernel.reduce((total, weight, tap) => {
        const [y, x] = [row + Math.floor(tap / 3) - 1, column + (tap % 3) - 1];
        const isInside = y >= 0 && y < grid.rows && x >= 0 && x < grid.columns;
        return isInside ? total + weight * both[y * grid.columns + x]![channel]! : total;
      }, of('conv2d.bias')[channel]!);
      return silu(sum);
    }),
  );
  const walks = routesOf[routes].map((route, index) => walk(run, seen, route, index));
  const sums = seen.map((row, place) =>
    row.map((_, channel) => walks.reduce((sum, each) => sum + each[place]![channel]!, 0)),
  );
  const normed = layerNorm(sums, of('out_norm.weight'), of('out_norm.bias'), 1e-5);
  const gated = normed.map((row, place) =>
    row.map((number, channel) => number * silu(both[place]![innerSize + channel]!)),
  );
  return linear(gated, toRows(of('out_proj.weight'), innerSize));
}

it.each(['bidirectional', 'cross'] as const)(
  'a %s scan is the sum of its routes, each from an empty state',
  async (routes) => {
    const shapes = { tokens: [pictures, places, hiddenSize] };
    const shape = { hiddenSize, innerSize, stateSize, stepRank, routes };
    const run = await bench.run(shapes, (g, { tokens }) => ({
      scanned: visualScan(g, tokens, grid, 'ss2d', shape),
    }));
    const all = toRows(run.numbers('tokens'), hiddenSize);
    const expected = Array.from({ length: pictures }, (_, picture) =>
      scanSlowly(run, all.slice(picture * places, (picture + 1) * places), routes).flat(),
    );
    expect(run.shapes['scanned']).toEqual(shapes.tokens);
    expect(largestError(run.output('scanned'), expected.flat())).toBeLessThan(1e-5);

    const perRoute = innerSize * (2 * stepRank + 2 * stateSize + 3 * stateSize);
    const perToken =
      3 * hiddenSize * innerSize + 9 * innerSize + routesOf[routes].length * perRoute;
    expect(countFlops(run.model, {})).toBe(2 * pictures * places * perToken);
  },
);
