import { afterAll, beforeAll, expect, test } from 'vitest';
import { estimatedCount, knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32, int64 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError, layerNorm, toRows } from '../slow-formulas.testing.ts';
import { qFormer } from './q-former.ts';

// The formulas are held to the references: verify/recorded/projector/blip2-qformer and instructblip-qformer.
let bench: NodeBench;
let folder: string;
beforeAll(async () => {
  bench = await NodeBench.open();
  folder = await bench.newFolder();
  const { model } = valueOf(buildSingleNode(single(1, anyLength)));
  await writeKnownWeights(folder, [model], 3);
});
afterAll(() => bench.close());

const patches = 5;
const anyLength: WireOf<'token-ids'> = { kind: 'token-ids', count: estimatedCount(4, 9) };
const ofLength = (tokens: number): WireOf<'token-ids'> => ({
  kind: 'token-ids',
  count: knownCount(tokens),
});

const tokensOf = (views: number): WireOf<'tokens'> => ({
  kind: 'tokens',
  count: knownCount(patches),
  channels: 12,
  prefixTokens: 1,
  grid: { rows: 2, columns: 2 },
  views: { known: true, views, most: views },
});

const small = {
  model: 'custom',
  queryCount: 3,
  hiddenSize: 16,
  layerCount: 3,
  headCount: 2,
  feedForwardSize: 20,
  vocabularySize: 40,
  positionCount: 9,
  outputWidth: 10,
} as const;

const single = (views: number, instruction?: WireOf<'token-ids'>) => ({
  definition: qFormer,
  params: { ...small, weights: { kind: 'checkpoint', folder } },
  inputs: { tokens: tokensOf(views), ...(instruction && { instruction }) },
});

const picture = (seed: number): Float32Array => normalNumbers(patches * 12, seed);

/** Pictures one after the other, with an instruction of any length or none. */
async function ask(pictures: readonly Float32Array[], ids?: readonly number[]) {
  const data = Float32Array.from(pictures.flatMap((each) => Array.from(each)));
  const { tokens } = await bench.runNode(single(pictures.length, ids && anyLength), {
    tokens: float32(data, [pictures.length, patches, 12]),
    ...(ids && { instruction: int64(ids, [1, ids.length]) }),
  });
  expect(tokens?.dims).toEqual([pictures.length, 3, 10]);
  return floatsOf(tokens);
}

test('each view is asked by itself, all with the same queries and the same instruction', async () => {
  const pictures = [picture(1), picture(2)];
  for (const ids of [undefined, [7, 3, 39]]) {
    const together = await ask(pictures, ids);
    const apart = await Promise.all(pictures.map((each) => ask([each], ids)));
    expect(largestError(together, [...apart[0]!, ...apart[1]!])).toBeLessThan(1e-5);
  }
});

test('the same picture answers another instruction otherwise: other words, another order, more words', async () => {
  const spoken = [[7, 3], [8, 3], [3, 7], [7, 3, 3], undefined];
  const answers = await Promise.all(spoken.map((ids) => ask([picture(1)], ids)));
  for (const [index, answer] of answers.entries())
    for (const other of answers.slice(0, index))
      expect(largestError(answer, other)).toBeGreaterThan(0.05);
});

test('a graph for one length gives what the graph for any length gives', async () => {
  const ids = [1, 2, 3, 4];
  const { tokens } = await bench.runNode(single(1, ofLength(4)), {
    tokens: float32(picture(1), [1, patches, 12]),
    instruction: int64(ids, [1, 4]),
  });
  expect(largestError(floatsOf(tokens), await ask([picture(1)], ids))).toBeLessThan(1e-6);
});

test('so many tokens come out as there are queries, without a grid, in as many views', () => {
  const { outputs } = valueOf(buildSingleNode(single(2)));
  expect(outputs['tokens']).toEqual({
    ...tokensOf(2),
    count: knownCount(3),
    channels: 10,
    prefixTokens: 0,
    grid: null,
  });
});

test('queries may leave as they are, of a picture that is normed first', async () => {
  const weights = { kind: 'checkpoint', folder: await bench.newFolder() };
  const node = (params: Readonly<Record<string, boolean>>) => ({
    ...single(1),
    params: { ...small, ...params, weights },
    taps: ['queries'],
  });
  const models = [node({ normsPicture: true }), node({})].map(
    (each) => valueOf(buildSingleNode(each)).model,
  );
  const known = await writeKnownWeights(weights.folder, models, 5);
  const of = (part: string) => known.get(`ln_vision.${part}`)?.data ?? [];
  const rows = layerNorm(toRows(picture(1), 12), of('weight'), of('bias'), 1e-5);
  const normed = Float32Array.from(rows.flat());
  const give = (data: Float32Array) => ({ tokens: float32(data, [1, patches, 12]) });
  const own = await bench.runNode(node({ normsPicture: true, projects: false }), give(picture(1)));
  const plain = await bench.runNode(node({}), give(normed));
  expect(own['tokens']?.dims).toEqual([1, 3, 16]);
  expect(largestError(floatsOf(own['tokens']), floatsOf(plain['tap.queries']))).toBeLessThan(1e-5);
});

test.for([
  [
    'an instruction for a model that was trained without',
    { model: 'blip2' },
    anyLength,
    "BLIP-2's Q-Former was trained without instructions; choose InstructBLIP, or remove the wire.",
  ],
  [
    'a longer instruction than there are positions',
    {},
    { kind: 'token-ids', count: estimatedCount(4, 128) } satisfies WireOf<'token-ids'>,
    'The instruction may have 128 tokens, the Q-Former has positions for 9; let the tokeniser give at most 9.',
  ],
  [
    'heads that do not divide the channels',
    { headCount: 3 },
    anyLength,
    '16 channels do not divide into 3 heads; choose a number of heads that divides them.',
  ],
] as const)('%s is refused', ([, params, instruction, message]) => {
  const wrong = single(1, instruction);
  const outcome = buildSingleNode({ ...wrong, params: { ...wrong.params, ...params } });
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});
