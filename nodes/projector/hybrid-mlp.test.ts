/** The projector of two encoders, against a plain slow formula; no recorded case reaches it. */
import { afterAll, beforeAll, expect, it, test } from 'vitest';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { estimatedCount, knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { config, refusal, taken } from '#verify/taking-config.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { gelu, largestError, linear, toRows, type Rows } from '../slow-formulas.testing.ts';
import { hybridMlp } from './hybrid-mlp.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const wire = (channels: number, rest: Partial<WireOf<'tokens'>> = {}): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(4),
  channels,
  prefixTokens: 0,
  grid: { rows: 2, columns: 2 },
  ...rest,
});

const single = (params: object, high: WireOf<'tokens'>, low: WireOf<'tokens'>) => ({
  definition: hybridMlp,
  params: { ...params },
  inputs: { high, low },
});

test('half of the channels come of the large picture, half of the small one', async () => {
  const folder = await bench.newFolder();
  const views = { known: true, views: 2, most: 2 };
  const params = { outputWidth: 8, weights: { kind: 'checkpoint', folder } };
  const node = single(params, wire(5, { views }), wire(3, { views }));
  const known = await writeKnownWeights(folder, [valueOf(buildSingleNode(node)).model], 2);
  const map = (rows: Rows, name: string): Rows => {
    const weight = toRows(known.get(`${name}.weight`)!.data, rows[0]!.length);
    return linear(rows, weight, known.get(`${name}.bias`)!.data);
  };
  const [high, low] = [normalNumbers(40, 1), normalNumbers(24, 2)];
  const left = map(toRows(high, 5), 'high_res_vision_proj');
  const right = map(toRows(low, 3), 'vision_proj');
  const joined = left.map((row, place) => [...row, ...right[place]!].map(gelu));
  const { tokens } = await bench.runNode(node, {
    high: float32(high, [2, 4, 5]),
    low: float32(low, [2, 4, 3]),
  });
  expect(tokens?.dims).toEqual([2, 4, 8]);
  expect(largestError(floatsOf(tokens), map(joined, 'proj').flat())).toBeLessThan(5e-6);
});

test('that of DeepSeek-VL 7B has 21 million parameters', () => {
  const built = valueOf(buildSingleNode(single({ outputWidth: 4096 }, wire(1024), wire(1024))));
  expect(countParameters([built.model])).toBe(2 * (1024 * 2048 + 2048) + 4096 ** 2 + 4096);
});

it.each([
  [
    'another number of tokens',
    8,
    wire(3, { count: knownCount(9) }),
    'One encoder gives 4 tokens, the other 9, and they are joined place by place; choose sizes that give both the same grid.',
  ],
  [
    'tokens that the picture counts',
    8,
    wire(3, { count: estimatedCount(4, 4) }),
    'One encoder gives 4 tokens, the other 4, and they are joined place by place; choose sizes that give both the same grid.',
  ],
  [
    'other pictures',
    8,
    wire(3, { views: { known: true, views: 3, most: 3 } }),
    'The large picture comes in 1 views, the small one in 3; give both encoders the same pictures.',
  ],
  [
    'an odd width',
    7,
    wire(3),
    'Two encoders cannot have half of 7 channels each; choose an even output width.',
  ],
])('%s is refused', (_, outputWidth, low, message) => {
  const outcome = buildSingleNode(single({ outputWidth }, wire(5), low));
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});

test("both spellings of DeepSeek-VL's configuration are read", () => {
  const took = (json: Parameters<typeof config>[0]) => taken(hybridMlp, config(json));
  const expected = { value: { params: { outputWidth: 4096 } } };
  const params = { projector_type: 'low_high_hybrid_split_mlp_gelu', n_embed: 4096 };
  expect(took({ aligner_config: { params } })).toMatchObject(expected);
  const library = { model_type: 'deepseek_vl_hybrid', text_config: { hidden_size: 4096 } };
  expect(took(library)).toMatchObject(expected);
  expect(refusal(hybridMlp, config({ model_type: 'deepseek_vl' }))).toMatch(/two encoders/);
});
