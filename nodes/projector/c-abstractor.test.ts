import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '#engine/contract/config-files.ts';
import { knownCount, type WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32, type Tensor } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { writeSafetensors } from '#host/weights/write-safetensors.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { largestError, layerNorm, linear, silu, toRows } from '../slow-formulas.testing.ts';
import { cAbstractor } from './c-abstractor.ts';
import { regstage } from './regstage.ts';

// The formulas are held to the references: verify/recorded/projector/c-abstractor and regstage.
let bench: NodeBench;
beforeAll(async () => {
  bench = await NodeBench.open();
});
afterAll(() => bench.close());

const [rows, columns, width, hidden, output] = [4, 6, 8, 12, 10];
const count = rows * columns;
const views = { known: true, views: 2, most: 2 };
const wire: WireOf<'tokens'> = {
  kind: 'tokens',
  count: knownCount(count),
  channels: width,
  prefixTokens: 0,
  grid: { rows, columns },
  views,
};
const x = normalNumbers(2 * count * width, 5);
const given = { tokens: float32(x, [2, count, width]) };

const small = {
  hiddenSize: hidden,
  depth: 2,
  side: 2,
  outputWidth: output,
  positions: 'none',
} as const;

const single = (params: JsonObject, tokens = wire) => ({
  definition: cAbstractor,
  params: { ...small, ...params },
  inputs: { tokens },
});

async function withWeights(params: JsonObject) {
  const folder = await bench.newFolder();
  const weights = { kind: 'checkpoint', folder };
  const node = single({ ...params, weights });
  const known = await writeKnownWeights(folder, [valueOf(buildSingleNode(node)).model], 3);
  return { node, weights, folder, numbers: (name: string) => known.get(name)!.data, known };
}

test('a stage, an average pool, a stage and an MLP are its pieces', async () => {
  const { node, weights, numbers } = await withWeights({});
  const whole = await bench.runNode(node, given);
  expect(whole['tokens']?.dims).toEqual([2, 4, output]);

  const piece = (params: JsonObject, tokens: Tensor) =>
    bench.runNode(
      {
        definition: regstage,
        params: { ...params, depth: 2, outputWidth: hidden, weights },
        inputs: {
          tokens: {
            ...wire,
            channels: tokens.dims[2] as number,
            count: knownCount(tokens.dims[1] as number),
            grid: tokens.dims[1] === count ? { rows, columns } : { rows: 2, columns: 2 },
          },
        },
      },
      { tokens },
    );
  const first = await piece({ stage: 'before' }, given.tokens);
  // 4 × 6 to 2 × 2: the mean of each 2 × 3 places.
  const wide = toRows(floatsOf(first['tokens']), hidden);
  const pooled = [0, 1].flatMap((view) =>
    [0, 1, 2, 3].map((place) =>
      Array.from({ length: hidden }, (_, channel) => {
        const [top, left] = [2 * Math.floor(place / 2), 3 * (place % 2)];
        const at = [0, 1].flatMap((down) =>
          [0, 1, 2].map((across) => view * count + (top + down) * columns + left + across),
        );
        return at.reduce((sum, row) => sum + wide[row]![channel]!, 0) / 6;
      }),
    ),
  );
  const second = await piece(
    { stage: 'behind' },
    float32(Float32Array.from(pooled.flat()), [2, 4, hidden]),
  );
  const layer = (of: readonly (readonly number[])[], name: string) =>
    linear(of, toRows(numbers(`${name}.weight`), of[0]!.length), numbers(`${name}.bias`));
  const read = layer(toRows(floatsOf(second['tokens']), hidden), 'readout.0');
  const expected = layer(
    read.map((row) => row.map(silu)),
    'readout.2',
  );
  expect(largestError(floatsOf(whole['tokens']), expected.flat())).toBeLessThan(1e-5);
});

test('positions are added to normed tokens, and an unused first one is left out', async () => {
  const { node, folder, numbers, known } = await withWeights({
    positions: 'grid',
    inputNorm: true,
  });
  const { tokens } = await bench.runNode(node, given);
  const normed = layerNorm(
    toRows(x, width),
    numbers('prenorm.weight'),
    numbers('prenorm.bias'),
    1e-6,
  );
  const table = toRows(numbers('pos_emb'), width);
  const placed = normed.flatMap((row, at) => row.map((z, c) => z + table[at % count]![c]!));
  const bare = single({ weights: { kind: 'checkpoint', folder } });
  const again = await bench.runNode(bare, {
    tokens: float32(Float32Array.from(placed), [2, count, width]),
  });
  expect(largestError(floatsOf(tokens), floatsOf(again['tokens']))).toBeLessThan(1e-5);

  const old = await bench.newFolder();
  const longer = new Map(known).set('pos_emb', {
    shape: [1, 1 + count, width],
    data: Float32Array.from([...normalNumbers(width, 9), ...numbers('pos_emb')]),
  });
  await writeSafetensors(`${old}/model.safetensors`, longer);
  const params = { positions: 'grid-and-class', inputNorm: true };
  const weights = { kind: 'checkpoint', folder: old };
  const same = await bench.runNode(single({ ...params, weights }), given);
  expect(Array.from(floatsOf(same['tokens']))).toEqual(Array.from(floatsOf(tokens)));
});

test('end tokens stand behind those of each view, which then lie on no grid', async () => {
  const { node, numbers, folder } = await withWeights({ endCount: 2 });
  const { outputs } = valueOf(buildSingleNode(node));
  expect(outputs['tokens']).toMatchObject({ count: knownCount(6), grid: null, views });
  const { tokens } = await bench.runNode(node, given);
  const bare = single({ weights: { kind: 'checkpoint', folder } });
  const plain = toRows(floatsOf((await bench.runNode(bare, given))['tokens']), output);
  const ends = toRows(numbers('eos_tokens'), output);
  const expected = [...plain.slice(0, 4), ...ends, ...plain.slice(4), ...ends];
  expect(Array.from(floatsOf(tokens))).toEqual(expected.flat());
});

test.for([
  [
    {},
    { outputWidth: null },
    'The output width is not known; wire the projector to a language model, or type the width.',
  ],
  [
    { grid: null },
    {},
    'The C-Abstractor needs tokens that lie on a grid; place it before anything that selects or merges tokens.',
  ],
  [
    {},
    { inputWidth: 9 },
    'The projector expects 9 channels, its input gives 8; set the input width to 8.',
  ],
] as const)('%j with %j is refused', ([changed, params, message]) => {
  const outcome = buildSingleNode(single(params, { ...wire, ...changed }));
  expect(outcome.ok ? [] : outcome.problems.map((problem) => problem.message)).toEqual([message]);
});
