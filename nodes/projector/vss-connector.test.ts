import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError, layerNorm, linear, toRows, type Rows } from '../slow-formulas.testing.ts';
import { ss2d } from './ss2d.ts';
import { vssConnector } from './vss-connector.ts';

// The scan itself is held to the reference: verify/recorded/projector/vss-ss2d.
let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [rows, columns, width, output] = [3, 4, 6, 5];
const count = rows * columns;
const wire: WireOf<'tokens'> = {
  kind: 'tokens',
  count: knownCount(1 + count),
  channels: width,
  prefixTokens: 1,
  grid: { rows, columns },
};

const single = (params: JsonObject, tokens = wire) => ({
  definition: vssConnector,
  params: { outputWidth: output, stateSize: 3, ...params },
  inputs: { tokens },
});

/** By the series of the error function around 0, to fifteen digits where |x| < 6. */
function gelu(x: number): number {
  const z = x / Math.SQRT2;
  let [sum, term] = [0, z];
  for (let n = 0; n < 200; n++) {
    sum += term / (2 * n + 1);
    term *= -(z ** 2) / (n + 1);
  }
  return 0.5 * x * (1 + (2 / Math.sqrt(Math.PI)) * sum);
}

const data = normalNumbers((1 + count) * width, 4);
const patches = toRows(data.slice(width), width);
const mapped = (of: Rows, by: (z: number) => number): Rows => of.map((row) => row.map(by));

async function runWith(params: JsonObject) {
  const folder = await bench.newFolder();
  const weights = { kind: 'checkpoint', folder };
  const node = single({ ...params, weights });
  const known = await writeKnownWeights(folder, [valueOf(buildSingleNode(node)).model], 7);
  const given = float32(data, [1, 1 + count, width]);
  const { tokens } = await bench.runNode(node, { tokens: given });
  const numbers = (name: string) => known.get(name)!.data;
  return {
    result: tokens!,
    layer: (of: Rows, name: string) =>
      linear(of, toRows(numbers(`${name}.weight`), of[0]!.length), numbers(`${name}.bias`)),
    /** norm(x + scan(seen)), the scan by the node that is one, out of the same checkpoint. */
    addScan: async (x: Rows, seen: Rows, routes: 'bidirectional' | 'cross') => {
      const channels = x[0]!.length;
      const scan = {
        definition: ss2d,
        params: { stateSize: 3, routes, weights },
        inputs: { tokens: { ...wire, count: knownCount(count), prefixTokens: 0, channels } },
      };
      const { tokens: scanned } = await bench.runNode(scan, {
        tokens: float32(Float32Array.from(seen.flat()), [1, count, channels]),
      });
      const each = toRows(floatsOf(scanned), channels);
      const sum = x.map((row, at) => row.map((z, c) => z + each[at]![c]!));
      return layerNorm(sum, numbers('norm.weight'), numbers('norm.bias'), 1e-5);
    },
  };
}

describe.each(['bidirectional', 'cross'] as const)('with a %s scan', (routes) => {
  test('VSS-L2 scans between two linear layers', async () => {
    const { result, layer, addScan } = await runWith({ connector: 'vss-l2', routes });
    const wide = layer(patches, 'linear_1');
    const expected = layer(await addScan(wide, mapped(wide, gelu), routes), 'linear_2');
    expect(result.dims).toEqual([1, count, output]);
    expect(largestError(floatsOf(result), expected.flat())).toBeLessThan(1e-5);
  });

  test('VSS-MLP scans before an MLP', async () => {
    const { result, layer, addScan } = await runWith({ connector: 'vss-mlp', routes });
    const first = layer(await addScan(patches, patches, routes), 'linear_1');
    const expected = layer(mapped(first, gelu), 'linear_2');
    expect(result.dims).toEqual([1, count, output]);
    expect(largestError(floatsOf(result), expected.flat())).toBeLessThan(1e-5);
  });
});

test('MLP scans nothing, and takes every token, on a grid or not', async () => {
  const { result, layer } = await runWith({ connector: 'mlp' });
  const first = layer(toRows(data, width), 'linear_1');
  expect(result.dims).toEqual([1, 1 + count, output]);
  expect(
    largestError(floatsOf(result), layer(mapped(first, gelu), 'linear_2').flat()),
  ).toBeLessThan(1e-5);
  expect(buildSingleNode(single({ connector: 'mlp' }, { ...wire, grid: null })).ok).toBe(true);
});

test.for([
  [
    'tokens without a grid',
    {},
    { ...wire, grid: null },
    'The VSS connector needs tokens that lie on a grid; place it before anything that selects or merges tokens.',
  ],
  [
    'other channels',
    { inputWidth: 9 },
    wire,
    'The projector expects 9 channels, its input gives 6; set the input width to 6.',
  ],
] as const)('%s are refused', ([, params, tokens, message]) => {
  const outcome = buildSingleNode(single(params, tokens));
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});

test('a scan alone needs a grid too', () => {
  const outcome = buildSingleNode({
    definition: ss2d,
    params: {},
    inputs: { tokens: { ...wire, grid: null } },
  });
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([
    'The scan needs tokens that lie on a grid; place it before anything that selects or merges tokens.',
  ]);
});
