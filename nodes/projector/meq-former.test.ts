import { afterAll, beforeAll, expect, test } from 'vitest';
import { countParameters } from '#engine/estimate/model-cost.ts';
import { estimatedCount, knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32, int64 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import type { KnownTensor } from '#host/weights/write-safetensors.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import {
  attend,
  largestError,
  layerNorm,
  linear,
  relu,
  toRows,
  type Rows,
} from '../slow-formulas.testing.ts';
import { meqFormer } from './meq-former.ts';

// There is no published code: the formula is that of BRAVE's section 3, with Q-Former's norms.
let bench: NodeBench;
let folder: string;
let known: ReadonlyMap<string, KnownTensor>;
beforeAll(async () => {
  bench = await NodeBench.open();
  folder = await bench.newFolder();
  const { model } = valueOf(buildSingleNode(single(encoders, ids.length)));
  known = await writeKnownWeights(folder, [model], 7);
});
afterAll(() => bench.close());

const [queryCount, hiddenSize, headCount, joinWidth, layerCount] = [3, 8, 2, 6, 3];
const small = {
  model: 'custom',
  queryCount,
  hiddenSize,
  layerCount,
  headCount,
  feedForwardSize: 10,
  vocabularySize: 20,
  positionCount: 5,
  activation: 'relu',
  joinWidth,
  outputWidth: 4,
} as const;
const ids = [7, 3];

const wire = (count: number, channels: number): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(count),
  channels,
  prefixTokens: 0,
  grid: null,
});
const encoders = [wire(4, 5), wire(3, 7)];

const single = (tokens: readonly WireOf<'tokens'>[], words?: number) => ({
  definition: meqFormer,
  params: { ...small, weights: { kind: 'checkpoint', folder } },
  inputs: {
    tokens,
    ...(words !== undefined && {
      instruction: { kind: 'token-ids', count: knownCount(words) } as const,
    }),
  },
});

const numbers = (name: string) => Array.from(known.get(name)?.data ?? []);
const product = (rows: Rows, name: string) =>
  linear(rows, toRows(numbers(`${name}.weight`), rows[0]?.length ?? 0), numbers(`${name}.bias`));
const normed = (rows: Rows, name: string) =>
  layerNorm(rows, numbers(`${name}.weight`), numbers(`${name}.bias`), 1e-12);
const plus = (a: Rows, b: Rows) => a.map((row, at) => row.map((n, each) => n + b[at]![each]!));

function attention(x: Rows, memory: Rows, name: string): Rows {
  const own = (part: string) => `${name}.attention.${part}`;
  const mixed = attend(
    product(x, own('query')),
    product(memory, own('key')),
    product(memory, own('value')),
    headCount,
  );
  return normed(plus(x, product(mixed, `${name}.output.dense`)), `${name}.output.LayerNorm`);
}

/** Queries and words are one sequence; only queries look at the pictures, in every second layer. */
function answers(pictures: readonly Rows[], words: readonly number[]): Rows {
  const seen = pictures.flatMap((rows, index) => product(rows, `encoder_projections.${index}`));
  const table = (part: string) =>
    toRows(numbers(`qformer.embeddings.${part}_embeddings.weight`), hiddenSize);
  const text = words.map((id, at) => plus([table('word')[id]!], [table('position')[at]!])[0]!);
  let x = normed([...toRows(numbers('query_tokens'), hiddenSize), ...text], 'qformer.layernorm');
  for (let index = 0; index < layerCount; index++) {
    const layer = `qformer.encoder.layer.${index}`;
    x = attention(x, x, `${layer}.attention`);
    if (index % 2 === 0) {
      const looked = attention(x.slice(0, queryCount), seen, `${layer}.crossattention`);
      x = [...looked, ...x.slice(queryCount)];
    }
    const up = product(x, `${layer}.intermediate_query.dense`).map((row) => row.map(relu));
    const down = product(up, `${layer}.output_query.dense`);
    x = normed(plus(x, down), `${layer}.output_query.LayerNorm`);
  }
  return product(x.slice(0, queryCount), 'language_projection');
}

test.for([[ids], [[]]])('asks all encoders at once, having heard %j', async ([words = []]) => {
  const data = encoders.map(({ count, channels }, index) =>
    normalNumbers(count.tokens * channels, index),
  );
  const tensors = encoders.map(({ count, channels }, index) => [
    `tokens.${index}`,
    float32(data[index] as Float32Array, [1, count.tokens, channels]),
  ]);
  const heard = words.length > 0;
  const ran = await bench.runNode(single(encoders, heard ? words.length : undefined), {
    ...Object.fromEntries(tensors),
    ...(heard && { instruction: int64(words, [1, words.length]) }),
  });
  const pictures = encoders.map(({ channels }, index) =>
    toRows(data[index] as Float32Array, channels),
  );
  expect(ran['tokens']?.dims).toEqual([1, queryCount, 4]);
  expect(largestError(floatsOf(ran['tokens']), answers(pictures, words).flat())).toBeLessThan(1e-5);
});

test("BRAVE's five encoders are bridged by the paper's 116 million parameters, its text table aside", () => {
  // EVA-CLIP-g, CLIP-L/14, SILC-G/16, ViT-e, DINOv2-L/14: 1223 tokens.
  const tokens = [
    wire(257, 1408),
    wire(257, 1024),
    wire(196, 1664),
    wire(256, 1792),
    wire(257, 1024),
  ];
  const of = { definition: meqFormer, params: { outputWidth: 2048 }, inputs: { tokens } };
  const { model, outputs } = valueOf(buildSingleNode(of));
  expect(outputs['tokens']).toMatchObject({ count: knownCount(160), channels: 2048 });
  expect(Math.round(countParameters([model]) / 1e5) / 10).toBeCloseTo(116.6);
  const instruction = { kind: 'token-ids', count: knownCount(9) } as const;
  const heard = valueOf(buildSingleNode({ ...of, inputs: { tokens, instruction } }));
  const tables = (30_522 + 512) * 768;
  expect(countParameters([heard.model])).toBe(countParameters([model]) + tables);
});

test('takes encoders that drop tokens, too', () => {
  const pruned = { ...wire(40, 5), count: estimatedCount(40, 144) };
  expect(buildSingleNode(single([pruned, wire(3, 7)])).ok).toBe(true);
});

test.for([
  [
    'other pictures',
    { tokens: [wire(4, 5), { ...wire(3, 7), views: { known: true, views: 2, most: 2 } }] },
    'Wire 2 brings 2 views, wire 1 brings 1 view; give all encoders the same pictures.',
  ],
  [
    'an instruction that is too long',
    { tokens: encoders, instruction: { kind: 'token-ids', count: knownCount(6) } },
    'The instruction may have 6 tokens, the Q-Former has positions for 5; let the tokeniser give at most 5.',
  ],
] as const)('%s is refused', ([, inputs, message]) => {
  const outcome = buildSingleNode({ ...single(encoders), inputs });
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});
