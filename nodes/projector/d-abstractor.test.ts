import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError } from '../slow-formulas.testing.ts';
import { dAbstractor } from './d-abstractor.ts';

// The formulas are held to the references: verify/recorded/projector/d-abstractor and deformable-decoder-layer.
let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [rows, columns, width, side] = [3, 5, 8, 2];
const count = rows * columns;
const wire: WireOf<'tokens'> = {
  kind: 'tokens',
  count: knownCount(count),
  channels: width,
  prefixTokens: 0,
  grid: { rows, columns },
};

const single = (params: JsonObject = {}, tokens = wire) => ({
  definition: dAbstractor,
  params: {
    hiddenSize: width,
    layerCount: 2,
    headCount: 2,
    feedForwardSize: 12,
    outputWidth: width,
    positions: 'none',
    side,
    ...params,
  },
  inputs: { tokens },
});

const repeated = (row: ArrayLike<number>, times: number): Float32Array =>
  Float32Array.from({ length: row.length * times }, (_, at) => row[at % row.length] as number);

test('the pooled picture is the position of a query, or what it starts from', async () => {
  const [one, other] = [normalNumbers(width, 1), normalNumbers(width, 2)];
  const run = async (
    pooled: 'positions' | 'state',
    picture: Float32Array,
    learned: Float32Array,
  ) => {
    const folder = await bench.newFolder();
    const node = single({ pooled, weights: { kind: 'checkpoint', folder } });
    const { model } = valueOf(buildSingleNode(node));
    await writeKnownWeights(folder, [model], 3, (name, data) => {
      // Nothing is learned by looking, so that only state and position tell the results apart.
      if (name.endsWith('.value_proj.weight')) data.fill(0);
      if (name.startsWith('query_position_embeddings')) data.set(repeated(learned, side ** 2));
    });
    const given = float32(repeated(picture, count), [1, count, width]);
    const { tokens } = await bench.runNode(node, { tokens: given });
    expect(tokens?.dims).toEqual([1, side ** 2, width]);
    return floatsOf(tokens);
  };
  const asPosition = await run('positions', one, other);
  expect(largestError(await run('state', other, one), asPosition)).toBeLessThan(1e-5);
  expect(largestError(await run('state', one, other), asPosition)).toBeGreaterThan(0.05);
});

test('where no width changes it has no matrix before or behind, and positions and end tokens where wanted', () => {
  const tensorsOf = (params: JsonObject) =>
    valueOf(buildSingleNode(single(params))).model.weights.map(({ expression }) =>
      expression.kind === 'tensor' ? expression.name : '',
    );
  const ofWidths = (names: readonly string[]) =>
    names.filter((name) => /^(input_proj|output_proj|v_pos_emb)/.test(name));
  expect(ofWidths(tensorsOf({}))).toEqual([]);
  const other = { hiddenSize: 12, outputWidth: 10, positions: 'grid' };
  expect(ofWidths(tensorsOf(other))).toEqual([
    'input_proj.0.weight',
    'input_proj.0.bias',
    'v_pos_emb',
    'output_proj.weight',
    'output_proj.bias',
  ]);
  const { outputs } = valueOf(buildSingleNode(single({ endCount: 3 })));
  expect(outputs['tokens']).toMatchObject({ count: knownCount(side ** 2 + 3), grid: null });
});

test.for([
  [
    'heads that do not divide the channels',
    { headCount: 3 },
    wire,
    '8 channels do not divide into 3 heads; choose a number of heads that divides them.',
  ],
  [
    'tokens without a grid',
    {},
    { ...wire, grid: null },
    'The D-Abstractor needs tokens that lie on a grid; place it before anything that selects or merges tokens.',
  ],
  [
    'other channels',
    { inputWidth: 9 },
    wire,
    'The projector expects 9 channels, its input gives 8; set the input width to 8.',
  ],
] as const)('%s are refused', ([, params, tokens, message]) => {
  const outcome = buildSingleNode(single(params, tokens));
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});
