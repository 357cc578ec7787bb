import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import { estimatedCount, knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError, linear, toRows } from '../slow-formulas.testing.ts';
import { xdp } from './xdp.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [from, to] = [5, 6];

const wire = (rest: Partial<WireOf<'tokens'>> = {}): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(9),
  channels: from,
  prefixTokens: 1,
  grid: { rows: 2, columns: 4 },
  ...rest,
});

const single = (params: JsonObject, tokens = wire()) => ({
  definition: xdp,
  params: { outputWidth: to, ...params },
  inputs: { tokens },
});

const mish = (x: number): number => x * Math.tanh(Math.log(1 + Math.exp(x)));

test.for([4, 2, 1])('%i tokens in a row become one, in every view', async (factor) => {
  const folder = await bench.newFolder();
  const weights = { kind: 'checkpoint', folder };
  const views = { known: true, views: 2, most: 2 };
  const node = single({ factor, weights }, wire({ views }));
  const { model } = valueOf(buildSingleNode(node));
  const known = await writeKnownWeights(folder, [model], 1);
  const x = normalNumbers(2 * 9 * from, 2);
  const { tokens } = await bench.runNode(node, { tokens: float32(x, [2, 9, from]) });

  const numbers = (name: string) => known.get(name)?.data ?? new Float32Array(0);
  // Without the class token; a run of tokens lies in a row as it is.
  const expected = [0, 1].flatMap((view) => {
    const patches = x.slice((view * 9 + 1) * from, (view + 1) * 9 * from);
    const first = toRows(numbers('mlp.0.weight'), factor * from);
    const wide = linear(toRows(patches, factor * from), first, numbers('mlp.0.bias'));
    const second = toRows(numbers('mlp.2.weight'), to);
    return linear(
      wide.map((row) => row.map(mish)),
      second,
      numbers('mlp.2.bias'),
    );
  });
  expect(tokens?.dims).toEqual([2, 8 / factor, to]);
  expect(largestError(floatsOf(tokens), expected.flat())).toBeLessThan(1e-5);
});

test('the grid stays where runs end with its rows', () => {
  const gridFor = (factor: number) => {
    const { outputs } = valueOf(buildSingleNode(single({ factor })));
    return (outputs['tokens'] as WireOf<'tokens'>).grid;
  };
  expect(gridFor(2)).toEqual({ rows: 2, columns: 2 });
  expect(gridFor(8)).toBe(null);
});

test.for([
  [
    'a count that does not divide',
    { factor: 3 },
    wire(),
    '8 tokens do not divide into runs of 3; choose a factor that divides 8.',
  ],
  [
    'a count that the picture decides',
    {},
    wire({ count: estimatedCount(5, 9), grid: null }),
    'How many tokens come in is decided by the picture, and they may not divide into runs; place the XDP projector before anything that selects tokens.',
  ],
  [
    'other channels',
    { inputWidth: 7 },
    wire(),
    'The projector expects 7 channels, its input gives 5; set the input width to 5.',
  ],
] as const)('%s is refused', ([, params, tokens, message]) => {
  const outcome = buildSingleNode(single(params, tokens));
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});
