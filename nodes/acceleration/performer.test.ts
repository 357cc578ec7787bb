/** Performer: how near its features come to softmax, what it does in an encoder, and long rows of tokens that look back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fillComputedTable } from '#engine/onnx/computed-table.ts';
import type { AttentionPart } from '#engine/node/part.ts';
import { multiply } from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';
import { BlockBench } from '#verify/block-bench.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { vit } from '../encoder/vit.ts';
import { normalNumbers } from '../normal-numbers.testing.ts';
import { attend, dot, largestError, relu, toRows, type Rows } from '../slow-formulas.testing.ts';
import { performer } from './performer.ts';

let blocks: BlockBench;
let nodes: NodeBench;
beforeAll(async () => {
  blocks = await BlockBench.open();
  nodes = await NodeBench.open();
});
afterAll(async () => {
  await blocks.close();
  await nodes.close();
});

type Params = Parameters<typeof performer.summary>[0];

const standard: Params = {
  kernel: 'softmax',
  features: null,
  causal: false,
  layers: 'all',
  weights: { kind: 'random', seed: 5 },
};

function partWith(params: Partial<Params>): AttentionPart {
  if (performer.body.kind !== 'part') throw new Error('It is a part.');
  return performer.body.part({
    params: { ...standard, ...params },
    node: 'part',
    withWeights: (_, body) => body(),
    newGraph: () => {
      throw new Error('It has no graph of its own.');
    },
  }) as AttentionPart;
}

const headSize = 8;
const headCount = 2;
const channels = headCount * headSize;

/** One picture's tokens through the part. */
async function run(count: number, params: Partial<Params>, scale = 1) {
  const shape = [1, count, channels];
  const ran = await blocks.run({ query: shape, key: shape, value: shape }, (g, drawn) => {
    const [query, key] = [drawn.query, drawn.key].map((x) =>
      multiply(g, x, g.scalar('float32', scale)),
    ) as [Value, Value];
    const projected = { query, key, value: drawn.value };
    return {
      'scaled.query': query,
      'scaled.key': key,
      y: partWith(params).emit(g, projected, { name: 'layers.1', headCount }),
    };
  });
  return {
    query: toRows(ran.output('scaled.query'), channels),
    key: toRows(ran.output('scaled.key'), channels),
    value: toRows(ran.numbers('value'), channels),
    /** Of a part that reads its directions from a checkpoint. */
    saved: () => toRows(ran.numbers('layers.1.projection_matrix'), headSize),
    y: ran.output('y'),
  };
}

type Features = (x: readonly number[]) => readonly number[];

/** Every query over keys up to `last`, by the products of features, one head after the other. */
function mixSlowly(
  { query, key, value }: { readonly query: Rows; readonly key: Rows; readonly value: Rows },
  features: Features,
  last: (place: number) => number,
): readonly number[] {
  const cut = (row: readonly number[], head: number) =>
    row.slice(head * headSize, (head + 1) * headSize);
  return query.flatMap((asking, place) =>
    [...Array(headCount).keys()].flatMap((head) => {
      const asked = features(cut(asking, head));
      const seen = key.slice(0, last(place) + 1);
      const weights = seen.map((each) => dot(asked, features(cut(each, head))));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return [...Array(headSize).keys()].map((channel) =>
        weights.reduce(
          (sum, weight, at) =>
            sum + (weight / total) * (value[at]?.[head * headSize + channel] ?? NaN),
          0,
        ),
      );
    }),
  );
}

test('directions of one block are orthogonal, as long as normal vectors, and others elsewhere', () => {
  const draw = (seed: number, use: string) =>
    fillComputedTable({ table: 'random-directions', rows: 2000, columns: 8, seed, use });
  const rows = toRows(draw(3, 'layers.0'), 8);
  const length = (row: readonly number[]) => Math.sqrt(dot(row, row));
  for (const [index, row] of rows.slice(0, 24).entries())
    for (const other of rows.slice(8 * Math.floor(index / 8), index))
      expect(Math.abs(dot(row, other)) / length(row) / length(other)).toBeLessThan(1e-5);
  const mean = rows.reduce((sum, row) => sum + dot(row, row), 0) / rows.length;
  expect(mean).toBeGreaterThan(7.6);
  expect(mean).toBeLessThan(8.4);
  expect(draw(3, 'layers.0')).toEqual(draw(3, 'layers.0'));
  expect(largestError(draw(3, 'layers.0'), draw(3, 'layers.1'))).toBeGreaterThan(1);
  expect(largestError(draw(3, 'layers.0'), draw(4, 'layers.0'))).toBeGreaterThan(1);
});

const meanErrorOf = (computed: ArrayLike<number>, expected: readonly number[]): number =>
  expected.reduce((sum, number, at) => sum + Math.abs(number - (computed[at] ?? NaN)), 0) /
  expected.length;

test('the more features, the nearer to softmax', async () => {
  const meanError = async (features: number) => {
    // Scores as small as those of most tokens in trained models.
    const { query, key, value, y } = await run(20, { features }, 0.6);
    return meanErrorOf(y, attend(query, key, value, headCount).flat());
  };
  const [few, many] = [await meanError(8), await meanError(4096)];
  expect(many).toBeLessThan(0.03);
  expect(few).toBeGreaterThan(3 * many);
});

describe('looking back over more tokens than are scored at once', () => {
  test.each([1, 64, 65, 150])('%i tokens', async (count) => {
    const weights = { kind: 'checkpoint', folder: '' } as const;
    const { saved, y, ...projected } = await run(count, {
      kernel: 'relu',
      features: 12,
      causal: true,
      weights,
    });
    const directions = saved();
    const features: Features = (x) =>
      directions.map((direction) => relu(dot(direction, x) * headSize ** -0.25) + 1e-3);
    const expected = mixSlowly(projected, features, (place) => place);
    expect(largestError(y, expected)).toBeLessThan(1e-3);
  });

  test('a later token changes nothing before it', async () => {
    const short = await run(70, { kernel: 'relu', causal: true });
    const whole = await run(70, { kernel: 'relu' });
    expect(largestError(short.y.slice(-channels), whole.y.slice(-channels))).toBeLessThan(1e-4);
    expect(largestError(short.y.slice(0, channels), short.value[0] ?? [])).toBeLessThan(0.01);
  });
});

test('in an encoder it stands for the attention of the blocks that it is in', async () => {
  const side = 25;
  const single = (parts: readonly Partial<Params>[]) => ({
    definition: vit,
    params: {
      model: 'custom',
      imageSize: side,
      patchSize: 5,
      hiddenSize: 16,
      layerCount: 2,
      headCount,
      feedForwardSize: 24,
      featureLayer: -1,
    },
    inputs: { pixels: { kind: 'pixels', height: side, width: side } as const },
    parts: { parts: parts.map((params) => ({ definition: performer, params: { ...params } })) },
  });
  const pixels = float32(normalNumbers(3 * side * side, 4), [1, 3, side, side]);
  const tokens = async (...parts: readonly Partial<Params>[]) =>
    floatsOf((await nodes.runNode(single(parts), { pixels }))['tokens']);
  const plain = Array.from(await tokens());
  const errors = {
    few: meanErrorOf(await tokens({ features: 8 }), plain),
    many: meanErrorOf(await tokens({ features: 4096 }), plain),
    other: meanErrorOf(await tokens({ kernel: 'relu' }), plain),
    late: meanErrorOf(await tokens({ kernel: 'relu', layers: 'second-half' }), plain),
  };
  expect(errors.many).toBeLessThan(errors.few / 2);
  expect(errors.late).toBeLessThan(errors.other);
  expect(errors.late).toBeGreaterThan(1e-3);
});
