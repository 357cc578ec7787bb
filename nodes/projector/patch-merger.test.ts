/** The mergers of Qwen2-VL and Mistral 3, on grids that are not square, against their formulas. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import {
  gelu,
  largestError,
  layerNorm,
  linear,
  toRows,
  type Row,
  type Rows,
} from '../slow-formulas.testing.ts';
import { mistral3Merger } from './mistral3-merger.ts';
import { patchMerger } from './patch-merger.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [rows, columns, channels, width] = [4, 6, 5, 7];
/** Two views of a 4 × 6 grid behind a class token. */
const wire: WireOf<'tokens'> = {
  kind: 'tokens',
  views: { known: true, views: 2, most: 2 },
  count: knownCount(1 + rows * columns),
  channels,
  prefixTokens: 1,
  grid: { rows, columns },
};
const x = normalNumbers(2 * (1 + rows * columns) * channels, 3);

async function compute(definition: typeof patchMerger | typeof mistral3Merger) {
  const folder = await bench.newFolder();
  const params = { outputWidth: width, weights: { kind: 'checkpoint', folder } } as const;
  const single = { definition, params, inputs: { tokens: wire } };
  const known = await writeKnownWeights(folder, [valueOf(buildSingleNode(single)).model], 1);
  const feeds = { tokens: float32(x, [2, 1 + rows * columns, channels]) };
  const { tokens } = await bench.runNode(single, feeds);
  const numbers = (name: string) => known.get(name)?.data ?? new Float32Array(0);
  const apply = (name: string, given: Rows): Rows =>
    linear(
      given,
      toRows(numbers(`${name}.weight`), given[0]?.length ?? 0),
      known.get(`${name}.bias`)?.data,
    );
  return { tokens, numbers, apply };
}

/** The four tokens of each 2 × 2 group, of all views. */
function groupsOf(normed: Rows): readonly Rows[] {
  const groups: Rows[] = [];
  for (const view of [0, 1]) {
    const at = (row: number, column: number): Row =>
      normed[view * (1 + rows * columns) + 1 + row * columns + column] ?? [];
    for (let row = 0; row < rows; row += 2)
      for (let column = 0; column < columns; column += 2)
        groups.push([
          at(row, column),
          at(row, column + 1),
          at(row + 1, column),
          at(row + 1, column + 1),
        ]);
  }
  return groups;
}

test('a patch merger lays the tokens of a group side by side', async () => {
  const { tokens, numbers, apply } = await compute(patchMerger);
  const normed = layerNorm(toRows(x, channels), numbers('ln_q.weight'), numbers('ln_q.bias'), 1e-6);
  const wide = groupsOf(normed).map((group) => group.flat());
  const hidden = apply('mlp.0', wide).map((row) => row.map(gelu));
  expect(tokens?.dims).toEqual([2, 6, width]);
  expect(largestError(floatsOf(tokens), apply('mlp.2', hidden).flat())).toBeLessThan(1e-4);
});

test('a Mistral 3 merger melts them channel by channel', async () => {
  const { tokens, numbers, apply } = await compute(mistral3Merger);
  const scale = numbers('norm.weight');
  const normed = toRows(x, channels).map((row) => {
    const square = row.reduce((sum, number) => sum + number * number, 0) / channels;
    return row.map((number, at) => ((scale[at] ?? NaN) * number) / Math.sqrt(square + 1e-5));
  });
  const wide = groupsOf(normed).map((group) =>
    Array.from({ length: channels }, (_, at) => group.map((token) => token[at] ?? NaN)).flat(),
  );
  const hidden = apply('linear_1', apply('patch_merger.merging_layer', wide));
  const expected = apply(
    'linear_2',
    hidden.map((row) => row.map(gelu)),
  );
  expect(tokens?.dims).toEqual([2, 6, width]);
  expect(largestError(floatsOf(tokens), expected.flat())).toBeLessThan(1e-4);
});

describe.each([patchMerger, mistral3Merger])('$title', (definition) => {
  const problemOf = (tokens: WireOf<'tokens'>, params = {}) => {
    const built = buildSingleNode({
      definition,
      params: { outputWidth: width, ...params },
      inputs: { tokens },
    });
    return built.ok ? null : built.problems.map(({ code, param, port }) => [code, param ?? port]);
  };

  test('names what does not fit', () => {
    expect(problemOf(wire)).toBeNull();
    expect(problemOf(wire, { factor: 4 })).toEqual([['dimension-mismatch', 'factor']]);
    expect(problemOf({ ...wire, grid: null })).toEqual([['arrangement-unsupported', 'tokens']]);
    expect(problemOf(wire, { inputWidth: 8 })).toEqual([['dimension-mismatch', 'inputWidth']]);
  });
});
