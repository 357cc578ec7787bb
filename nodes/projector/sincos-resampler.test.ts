import { afterAll, beforeAll, expect, test } from 'vitest';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import {
  attend,
  largestError,
  layerNorm,
  linear,
  toRows,
  type Rows,
} from '../slow-formulas.testing.ts';
import { sincosResampler } from './sincos-resampler.ts';

// The other three are held to references: qwen-vl-, minicpmv-, uhd- and minicpmv26-resampler in verify/recorded/projector.
let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const grid = { rows: 2, columns: 3 };
const wire = (channels: number, rest: Partial<WireOf<'tokens'>> = {}): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(7),
  channels,
  prefixTokens: 1,
  grid,
  ...rest,
});

const single = (params: object, tokens: WireOf<'tokens'>) => ({
  definition: sincosResampler,
  params: { ...params },
  inputs: { tokens },
});

test('MiniCPM-V 2.0 places its queries, and its patches by row and column; the class token is not seen', async () => {
  const folder = await bench.newFolder();
  const weights = { kind: 'checkpoint', folder };
  const [queryCount, hiddenSize, headCount, channels, views] = [4, 8, 2, 8, 2];
  const shape = { model: 'custom', queryCount, hiddenSize, headCount };
  const asPublished = { queryPlaces: true, patchPlaces: 'counted', weights };
  const tokens = wire(channels, { views: { known: true, views, most: views } });
  const node = single({ ...shape, ...asPublished }, tokens);
  const { model } = valueOf(buildSingleNode(node));
  const known = await writeKnownWeights(folder, [model], 2);
  const x = normalNumbers(views * 7 * channels, 3);
  const ran = await bench.runNode(node, { tokens: float32(x, [views, 7, channels]) });

  // The formula, with no matrix before it where the widths agree.
  const numbers = (name: string) => Array.from(known.get(name)?.data ?? []);
  const rows = (name: string) => toRows(numbers(name), hiddenSize);
  const normed = (of: Rows, name: string) =>
    layerNorm(of, numbers(`${name}.weight`), numbers(`${name}.bias`), 1e-6);
  const plus = (a: Rows, b: Rows) => a.map((row, at) => row.map((n, each) => n + b[at]![each]!));
  const wave = (at: number) => [Math.sin(at), Math.sin(at / 100), Math.cos(at), Math.cos(at / 100)];
  const places = [0, 1].flatMap((y) => [0, 1, 2].map((at) => [...wave(at), ...wave(y)]));
  const projected = (of: Rows, part: number) =>
    linear(
      of,
      rows('attn.in_proj_weight').slice(part * hiddenSize, (part + 1) * hiddenSize),
      numbers('attn.in_proj_bias').slice(part * hiddenSize, (part + 1) * hiddenSize),
    );
  const queries = projected(plus(normed(rows('query'), 'ln_q'), rows('pos_embed')), 0);
  const proj = rows('proj');
  const expected = [0, 1].flatMap((view) => {
    const patches = toRows(x, channels).slice(7 * view + 1, 7 * view + 7);
    const seen = normed(patches, 'ln_kv');
    const mixed = attend(queries, projected(plus(seen, places), 1), projected(seen, 2), headCount);
    const out = linear(mixed, rows('attn.out_proj.weight'), numbers('attn.out_proj.bias'));
    return normed(out, 'ln_post').map((row) =>
      proj.map((_, column) => row.reduce((sum, n, at) => sum + n * proj[at]![column]!, 0)),
    );
  });
  expect(known.has('kv_proj.weight')).toBe(false);
  expect(ran['tokens']?.dims).toEqual([views, queryCount, hiddenSize]);
  expect(largestError(floatsOf(ran['tokens']), expected.flat())).toBeLessThan(1e-5);
});

test.for([
  ['qwen-vl', 1664, 256, 4096, 92_839_936],
  ['omnilmm', 1792, 64, 4096, 91_791_360],
  ['minicpm-v', 1152, 64, 2304, 29_514_240],
  ['minicpm-v-2', 1152, 64, 2304, 29_514_240],
  ['minicpm-v-2.5', 1152, 96, 4096, 89_038_848],
  ['minicpm-v-2.6', 1152, 64, 3584, 68_619_264],
  ['llava-uhd', 1024, 64, 5120, 137_021_440],
] as const)('%s has its published size', ([model, channels, count, outputs, parameters]) => {
  const built = valueOf(buildSingleNode(single({ model }, wire(channels))));
  expect(built.outputs['tokens']).toMatchObject({ count: knownCount(count), channels: outputs });
  expect(countParameters([built.model])).toBe(parameters);
});

const custom = { model: 'custom', queryCount: 4, hiddenSize: 8, headCount: 2 };

test.for([
  [
    'tokens without a grid',
    custom,
    { grid: null },
    'The resampler needs tokens that lie on a grid; place it before anything that selects or merges tokens.',
  ],
  [
    'queries with places that make no square',
    { ...custom, queryCount: 6 },
    {},
    '6 queries do not lie on a square grid; choose a square number, or queries without places and patches that are counted.',
  ],
  [
    'channels that sines and cosines of two axes do not fill',
    { ...custom, hiddenSize: 10 },
    {},
    'Sines and cosines of two axes need channels in fours, and there are 10; choose a multiple of 4.',
  ],
  [
    'heads that do not divide the channels',
    { ...custom, headCount: 3 },
    {},
    '8 channels do not divide into 3 heads; choose a number of heads that divides them.',
  ],
  [
    'another width than was typed',
    { ...custom, inputWidth: 9 },
    {},
    'The projector expects 9 channels, its input gives 12; set the input width to 12.',
  ],
] as const)('%s is refused', ([, params, rest, message]) => {
  const outcome = buildSingleNode(single(params, wire(12, rest)));
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});

test('any number of queries without places may look at patches that are counted', () => {
  const params = { ...custom, queryCount: 6, queryPlaces: false, patchPlaces: 'counted' };
  expect(buildSingleNode(single(params, wire(12))).ok).toBe(true);
});
