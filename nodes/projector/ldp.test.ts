import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import { countFlops, countParameters } from '#engine/estimate/model-cost.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { ldp } from './ldp.ts';

// The formula is held to the reference: verify/recorded/projector/ldp.
let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const wire = (rows: number, columns: number, channels: number): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(1 + rows * columns),
  channels,
  prefixTokens: 1,
  grid: { rows, columns },
});

const single = (tokens: WireOf<'tokens'>, params: JsonObject = { outputWidth: 16 }) => ({
  definition: ldp,
  params,
  inputs: { tokens },
});

test.for([
  [5, 4, 3, 2],
  [1, 1, 1, 1],
  [24, 24, 12, 12],
] as const)('a %i × %i grid becomes one of %i × %i', async ([rows, columns, down, across]) => {
  const node = single(wire(rows, columns, 6));
  const { outputs } = valueOf(buildSingleNode(node));
  expect(outputs['tokens']).toMatchObject({
    count: knownCount(down * across),
    channels: 16,
    prefixTokens: 0,
    grid: { rows: down, columns: across },
  });
  const x = normalNumbers((1 + rows * columns) * 6, 1);
  const { tokens } = await bench.runNode(node, {
    tokens: float32(x, [1, 1 + rows * columns, 6]),
  });
  expect(tokens?.dims).toEqual([1, down * across, 16]);
});

test.for([
  [2048, 18.94],
  [2560, 28.91],
] as const)(
  'before a language model of %i channels it has %f million weights',
  ([width, millions]) => {
    const { model } = valueOf(buildSingleNode(single(wire(24, 24, 1024), { outputWidth: width })));
    expect(countParameters([model]) / 1e6).toBeCloseTo(millions, 2);
    // Two matrices and a pointwise convolution over all tokens, another over a quarter of them, and little else.
    const matrices = 576 * (1024 * width + 2 * width ** 2) + 144 * width ** 2;
    expect(countFlops(model, {}) / (2 * matrices)).toBeCloseTo(1, 2);
  },
);

test.for([
  [
    'tokens without a grid',
    { ...wire(4, 4, 6), grid: null },
    {},
    'The LDP projector needs tokens that lie on a grid; place it before anything that selects or merges tokens.',
  ],
  [
    'other channels',
    wire(4, 4, 6),
    { inputWidth: 8 },
    'The projector expects 8 channels, its input gives 6; set the input width to 6.',
  ],
] as const)('%s are refused', ([, tokens, params, message]) => {
  const outcome = buildSingleNode(single(tokens, { outputWidth: 16, ...params }));
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});
