/** Reformer layers: the sums before them follow from those behind them, and what training saves by that. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { estimatedCount, knownCount } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import type { KnownTensor } from '#host/weights/write-safetensors.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import {
  dot,
  largestError,
  layerNorm,
  linear,
  relu,
  softmax,
  toRows,
  type Rows,
} from '../slow-formulas.testing.ts';
import { reformer, trainingActivations } from './reformer.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [count, width, outputWidth, inner] = [9, 8, 6, 12];
const figures = {
  layerCount: 3,
  headCount: 1,
  feedForwardSize: inner,
  outputWidth,
  // One bucket, so that all tokens see each other.
  buckets: 1,
  hashes: 2,
};

const wire = {
  kind: 'tokens',
  count: knownCount(count),
  channels: width,
  prefixTokens: 0,
  grid: { rows: 3, columns: 3 },
} as const;

/** What the layers are made of, written out for one picture. */
function slowLayers(weights: ReadonlyMap<string, KnownTensor>) {
  const data = (name: string) => weights.get(name)?.data ?? new Float32Array();
  const normed = (x: Rows, name: string) =>
    layerNorm(x, data(`${name}.weight`), data(`${name}.bias`), 1e-12);
  const map = (x: Rows, name: string, bias = false) =>
    linear(
      x,
      toRows(data(`${name}.weight`), x[0]?.length ?? 0),
      bias ? data(`${name}.bias`) : undefined,
    );
  return {
    normed,
    map,
    attention(x: Rows, layer: number): Rows {
      const name = `encoder.layers.${layer}.attention`;
      const seen = normed(x, `${name}.layer_norm`);
      const query = map(seen, `${name}.self_attention.query_key`);
      const value = map(seen, `${name}.self_attention.value`);
      const unit = query.map((row) => row.map((number) => number / Math.sqrt(dot(row, row))));
      const attended = query.map((row, i) => {
        const scores = unit.map((key, j) =>
          i === j ? -Infinity : dot(row, key) / Math.sqrt(width),
        );
        const shares = softmax(scores);
        return row.map((_, channel) =>
          dot(
            shares,
            value.map((each) => each[channel] ?? NaN),
          ),
        );
      });
      return map(attended, `${name}.output.dense`);
    },
    feedForward(x: Rows, layer: number): Rows {
      const name = `encoder.layers.${layer}.feed_forward`;
      const up = map(normed(x, `${name}.layer_norm`), `${name}.dense.dense`, true);
      return map(
        up.map((row) => row.map(relu)),
        `${name}.output.dense`,
        true,
      );
    },
  };
}

const combine = (a: Rows, b: Rows, sign: number): Rows =>
  a.map((row, at) => row.map((number, channel) => number + sign * (b[at]?.[channel] ?? NaN)));

async function run() {
  const folder = await bench.newFolder();
  const single = {
    definition: reformer,
    params: { ...figures, weights: { kind: 'checkpoint', folder } },
    inputs: { tokens: wire },
    taps: ['first', 'second'],
  };
  const weights = await writeKnownWeights(folder, [valueOf(buildSingleNode(single)).model], 4);
  const data = normalNumbers(count * width, 12);
  const outputs = await bench.runNode(single, { tokens: float32(data, [1, count, width]) });
  const rows = (name: string) => toRows(floatsOf(outputs[name]), width);
  return {
    layers: slowLayers(weights),
    given: toRows(data, width),
    first: rows('tap.first'),
    second: rows('tap.second'),
    tokens: floatsOf(outputs['tokens']),
  };
}

test('each layer adds to one sum what it makes of the other', async () => {
  const { layers, given, ...computed } = await run();
  let [first, second] = [given, given];
  for (let layer = 0; layer < figures.layerCount; layer++) {
    first = combine(first, layers.attention(second, layer), 1);
    second = combine(second, layers.feedForward(first, layer), 1);
  }
  expect(largestError(computed.first.flat(), first.flat())).toBeLessThan(1e-4);
  expect(largestError(computed.second.flat(), second.flat())).toBeLessThan(1e-4);
  const both = first.map((row, at) => [...row, ...(second[at] ?? [])]);
  const projected = layers.map(layers.normed(both, 'encoder.layer_norm'), 'projection', true);
  expect(largestError(computed.tokens, projected.flat())).toBeLessThan(1e-4);
});

test('from the sums behind the last layer those before the first are found again', async () => {
  const { layers, given, first: lastFirst, second: lastSecond } = await run();
  let [first, second] = [lastFirst, lastSecond];
  for (let layer = figures.layerCount - 1; layer >= 0; layer--) {
    second = combine(second, layers.feedForward(first, layer), -1);
    first = combine(first, layers.attention(second, layer), -1);
  }
  expect(largestError(first.flat(), given.flat())).toBeLessThan(1e-3);
  expect(largestError(second.flat(), given.flat())).toBeLessThan(1e-3);
});

test('training keeps one layer instead of all', () => {
  const values = Object.fromEntries(
    Object.entries(reformer.params).map(([name, param]) => [name, param.default]),
  ) as unknown as Parameters<typeof trainingActivations>[0];
  const of = (layerCount: number) =>
    trainingActivations(
      { ...values, layerCount, hashes: 1, headCount: 1, chunkSize: 4, feedForwardSize: 10 },
      { tokens: 8, width: 2 },
    );
  // Of 8 tokens: two sums and two norms of 2 channels, 3 · 2 + 2 · 2 of attention with 8 shares, twice 10 inside.
  const oneLayer = 4 * 8 * (4 + 4 + 10 + 8 + 20);
  expect(of(1)).toEqual({ keptBytes: oneLayer, reversibleBytes: oneLayer });
  expect(of(12)).toEqual({ keptBytes: 12 * oneLayer, reversibleBytes: oneLayer });
  expect(reformer.summary({ ...values, layerCount: 12 })).toContain('training keeps 1 layer of 12');
});

test.each([
  [{ buckets: 3 }, {}, 'param-invalid', /3 buckets cannot be/],
  [{ headCount: 3 }, {}, 'arrangement-unsupported', /do not divide into 3 heads/],
  [{}, { count: estimatedCount(4, 9) }, 'arrangement-unsupported', /place them before/],
])('is refused: %j over %j', (params, own, code, message) => {
  const built = buildSingleNode({
    definition: reformer,
    params: { ...figures, ...params },
    inputs: { tokens: { ...wire, ...own } },
  });
  expect(built).toMatchObject({
    ok: false,
    problems: [{ code, message: expect.stringMatching(message) }],
  });
});
