/** mPLUG-video's abstractor against its formula, written out; no case of it is recorded. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { estimatedCount, knownCount, type WireOf } from '#engine/node/wire.ts';
import { elementCount } from '#engine/onnx/value.ts';
import { expressionShape, tensorsOf } from '#engine/onnx/weight.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import {
  attend,
  gelu,
  largestError,
  layerNorm,
  linear,
  toRows,
  type Rows,
} from '../slow-formulas.testing.ts';
import { frameAbstractor } from './frame-abstractor.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const clip = (frames: number, count: number, channels: number): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(count),
  channels,
  prefixTokens: 1,
  grid: { rows: 1, columns: count - 1 },
  ...(frames > 1 && {
    views: { known: true, views: frames, most: frames, items: 1, media: 'video' },
  }),
});

const [width, outputs, queryCount, headCount, count] = [8, 6, 3, 2, 5];

test.for([1, 4])('%i frames are asked together', async (frames) => {
  const weights = { kind: 'checkpoint', folder: await bench.newFolder() };
  const node = {
    definition: frameAbstractor,
    params: { outputWidth: outputs, queryCount, headCount, expansion: 2, weights },
    inputs: { tokens: clip(frames, count, width) },
  };
  const built = valueOf(buildSingleNode(node));
  const known = await writeKnownWeights(weights.folder, [built.model], 6);
  const data = normalNumbers(frames * count * width, frames);
  const given = await bench.runNode(node, { tokens: float32(data, [frames, count, width]) });

  const of = (name: string) => known.get(name)?.data ?? [];
  const rowsOf = (name: string, columns = width): Rows => toRows(of(name), columns);
  const normed = (all: Rows, name: string): Rows =>
    layerNorm(all, of(`attn_pool.${name}.weight`), of(`attn_pool.${name}.bias`), 1e-6);
  const map = (all: Rows, name: string): Rows =>
    linear(all, rowsOf(`${name}.weight`, all[0]?.length ?? 0), of(`${name}.bias`));
  const plus = (a: Rows, b: Rows): Rows =>
    a.map((row, at) => row.map((number, channel) => number + (b[at]?.[channel] ?? NaN)));
  const inner = (all: Rows, part: number): Rows =>
    linear(
      all,
      rowsOf('attn_pool.attn.in_proj_weight').slice(part * width, (part + 1) * width),
      of('attn_pool.attn.in_proj_bias').slice(part * width, (part + 1) * width),
    );
  const queries = normed(rowsOf('learnable_queries'), 'norm1');
  const seen = normed(toRows(data, width), 'normk');
  const found = attend(
    inner(queries, 0),
    [...inner(seen, 1), ...rowsOf('attn_pool.attn.bias_k')],
    [...inner(seen, 2), ...rowsOf('attn_pool.attn.bias_v')],
    headCount,
  );
  const sum = plus(queries, map(found, 'attn_pool.attn.out_proj'));
  const hidden = map(normed(sum, 'norm2'), 'attn_pool.mlp.fc1').map((row) => row.map(gelu));
  const answers = map(plus(sum, map(hidden, 'attn_pool.mlp.fc2')), 'visual_fc');
  expect(given['tokens']?.dims).toEqual([1, queryCount, outputs]);
  expect(largestError(floatsOf(given['tokens']), answers.flat())).toBeLessThan(1e-5);
  expect(built.outputs['tokens']).toMatchObject({
    count: knownCount(queryCount),
    channels: outputs,
    prefixTokens: 0,
    grid: null,
    ...(frames > 1 && { views: { views: 1, items: 1, media: 'video' } }),
  });
});

test('at the published size it has as many parameters as the code makes', () => {
  const node = {
    definition: frameAbstractor,
    params: { outputWidth: 2048 },
    inputs: { tokens: clip(4, 197, 768) },
  };
  const { model, outputs: given } = valueOf(buildSingleNode(node));
  const tensors = new Map(
    model.weights
      .flatMap(({ expression }) => [...tensorsOf(expression)])
      .map((tensor) => [tensor.name, elementCount(expressionShape(tensor))]),
  );
  // Queries, three norms, attention with its learned key and value, feed-forward, projection.
  const attention = 4 * (768 * 768 + 768) + 2 * 768;
  const feedForward = 2 * 768 * 3072 + 3072 + 768;
  expect([...tensors.values()].reduce((sum, each) => sum + each, 0)).toBe(
    128 * 768 + 3 * 2 * 768 + attention + feedForward + 768 * 2048 + 2048,
  );
  expect(given['tokens']).toMatchObject({ count: knownCount(128), channels: 2048 });
});

test.for([
  [
    { headCount: 3 },
    {},
    '8 channels do not divide into 3 heads; choose a number of heads that divides them.',
  ],
  [
    {},
    { count: estimatedCount(3, 5) },
    'How many tokens a frame has is decided by the picture, and frames are read together; wire the encoder before anything that selects tokens.',
  ],
  [
    { outputWidth: null },
    {},
    'The output width is not known; wire the projector to a language model, or type the width.',
  ],
] as const)('what does not fit is refused', ([params, wire, message]) => {
  const outcome = buildSingleNode({
    definition: frameAbstractor,
    params: { outputWidth: outputs, headCount, ...params },
    inputs: { tokens: { ...clip(4, count, width), ...wire } },
  });
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});
