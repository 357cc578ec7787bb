/** Set Transformer blocks: without norms against their formula, and in whatever order the tokens come. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Json } from '#engine/contract/document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import { estimatedCount, knownCount, type TokenCount } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import type { KnownTensor } from '#host/weights/write-safetensors.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { attend, largestError, linear, relu, toRows, type Rows } from '../slow-formulas.testing.ts';
import { setAttentionBlock } from './set-attention.ts';
import { setPooling } from './set-pooling.ts';

let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [inputWidth, width, headCount, count] = [10, 12, 3, 7];
const given = normalNumbers(2 * count * inputWidth, 8);

async function open(definition: AnyNodeDefinition, own: Readonly<Record<string, Json>>) {
  const folder = await bench.newFolder();
  const single = (tokens: TokenCount) => ({
    definition,
    params: { outputWidth: width, headCount, ...own, weights: { kind: 'checkpoint', folder } },
    inputs: {
      tokens: {
        kind: 'tokens',
        count: tokens,
        channels: inputWidth,
        prefixTokens: 0,
        grid: null,
        views: { known: true, views: 2, most: 2 },
      } as const,
    },
  });
  const { model } = valueOf(buildSingleNode(single(knownCount(count))));
  const weights = await writeKnownWeights(folder, [model], 6);
  return {
    weights,
    run: async (data: Float32Array, tokens = knownCount(count)) =>
      floatsOf(
        (
          await bench.runNode(single(tokens), {
            tokens: float32(data, [2, data.length / 2 / inputWidth, inputWidth]),
          })
        )['tokens'],
      ),
  };
}

/** O = Q + softmax(Q Kᵀ / √D) V, then O + relu(W O). */
function mab(weights: ReadonlyMap<string, KnownTensor>, name: string, asking: Rows, asked: Rows) {
  const map = (x: Rows, part: string) => {
    const { shape, data } = weights.get(`${name}.${part}.weight`) as KnownTensor;
    return linear(x, toRows(data, shape[1] ?? 0), weights.get(`${name}.${part}.bias`)?.data);
  };
  const query = map(asking, 'fc_q');
  // The plain formula divides by the root of a head's width.
  const rescaled = query.map((row) => row.map((number) => number / Math.sqrt(headCount)));
  const attended = attend(rescaled, map(asked, 'fc_k'), map(asked, 'fc_v'), headCount);
  const seen = sumOf(query, attended);
  return sumOf(
    seen,
    map(seen, 'fc_o').map((row) => row.map(relu)),
  );
}

const sumOf = (a: Rows, b: Rows): Rows =>
  a.map((row, at) => row.map((number, channel) => number + (b[at]?.[channel] ?? NaN)));

/** The two pictures' tokens. */
const pictures = [0, 1].map((picture) =>
  toRows(given.slice(picture * count * inputWidth, (picture + 1) * count * inputWidth), inputWidth),
);

const learned = (weights: ReadonlyMap<string, KnownTensor>, name: string): Rows =>
  toRows(weights.get(name)?.data ?? [], width);

test.each([
  [
    'plain',
    setAttentionBlock,
    { block: 'plain' },
    (weights: ReadonlyMap<string, KnownTensor>, x: Rows) => mab(weights, 'mab', x, x),
  ],
  [
    'induced',
    setAttentionBlock,
    { block: 'induced', points: 4 },
    (weights: ReadonlyMap<string, KnownTensor>, x: Rows) =>
      mab(weights, 'mab1', x, mab(weights, 'mab0', learned(weights, 'I'), x)),
  ],
  [
    'pooling',
    setPooling,
    { seeds: 3 },
    (weights: ReadonlyMap<string, KnownTensor>, x: Rows) =>
      mab(weights, 'mab', learned(weights, 'S'), x),
  ],
] as const)('%s without norms is its formula, picture by picture', async (_, node, own, slowly) => {
  const { weights, run } = await open(node, { ...own, norms: false });
  const expected = pictures.flatMap((picture) => slowly(weights, picture)).flat();
  expect(largestError(await run(given), expected)).toBeLessThan(1e-4);
  // However many tokens a picture has, where only a run can tell.
  const few = given.slice(0, 6 * inputWidth);
  const halves = [few.slice(0, 3 * inputWidth), few.slice(3 * inputWidth)];
  const fewer = halves.flatMap((half) => slowly(weights, toRows(half, inputWidth))).flat();
  expect(largestError(await run(few, estimatedCount(5, count)), fewer)).toBeLessThan(1e-4);
});

test('the order of the tokens is none: a block keeps it, pooling does not know of it', async () => {
  const turned = Float32Array.from(pictures.flatMap((picture) => picture.toReversed()).flat());
  const block = await open(setAttentionBlock, { points: 4 });
  const rows = toRows(await block.run(given), width);
  const back = [rows.slice(0, count), rows.slice(count)].flatMap((each) => each.toReversed());
  expect(largestError(await block.run(turned), back.flat())).toBeLessThan(1e-5);
  const pooling = await open(setPooling, { seeds: 3 });
  expect(largestError(await pooling.run(turned), await pooling.run(given))).toBeLessThan(1e-5);
});

test('a width that heads do not divide is refused', () => {
  for (const definition of [setAttentionBlock, setPooling]) {
    const tokens = { kind: 'tokens', count: knownCount(4), channels: 8 } as const;
    const built = buildSingleNode({
      definition,
      params: { outputWidth: 10, headCount: 4 },
      inputs: { tokens: { ...tokens, prefixTokens: 0, grid: null } },
    });
    expect(built).toMatchObject({
      ok: false,
      problems: [{ code: 'arrangement-unsupported', param: 'headCount' }],
    });
  }
});
