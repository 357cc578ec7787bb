/** Graphs of the builder, written to files and run by ONNX Runtime, against plain slow formulas. */
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceOf } from '#host/weights/expression-rows.ts';
import { noiseTable } from '#host/weights/noise.ts';
import { writeWeights } from '#host/weights/write-weights.ts';
import { ok } from '../contract/outcome.ts';
import { seededRandom } from '../seeded-random.ts';
import { matrixProduct } from './blocks/linear.ts';
import { encodeModel } from './encode-model.ts';
import { float, GraphBuilder, int, ints, text } from './graph-builder.ts';
import type { StageModel } from './model.ts';
import { add, multiply } from './operators.ts';
import type { Value } from './value.ts';
import { layoutWeights } from './weight-layout.ts';
import { tensorsOf, type BlockFormat, type WeightOrigin } from './weight.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchbay-onnx-'));
});
afterAll(() => rm(folder, { recursive: true }));

const origin: WeightOrigin = { node: 'test', source: { kind: 'random', seed: 3 }, layouts: [] };
const float32 = { origin, blocks: null };

describe('values', () => {
  it('of every type go in and out, under sizes known and unknown', async () => {
    const g = new GraphBuilder();
    const shape = [1, 'sequence', 2] as const;
    for (const type of ['float32', 'int64', 'int32', 'uint8', 'bool'] as const) {
      g.output(`${type}.out`, g.input(`${type}.in`, type, shape));
    }
    g.output('scalar.out', g.input('scalar.in', 'float32', []));
    const session = await openModel(g.finish());
    const sizes = session.inputMetadata.map((input) => input.isTensor && input.shape);
    expect(sizes).toEqual([...Array.from({ length: 5 }, () => [1, 'sequence', 2]), []]);
    for (const sequence of [1, 3]) {
      const dims = [1, sequence, 2];
      const numbers = Array.from({ length: 2 * sequence }, (_, index) => index % 2);
      const feeds = {
        'float32.in': new ort.Tensor(
          'float32',
          Float32Array.from(numbers, (n) => n - 0.1),
          dims,
        ),
        'int64.in': new ort.Tensor(
          'int64',
          BigInt64Array.from(numbers, (n) => -BigInt(n)),
          dims,
        ),
        'int32.in': new ort.Tensor(
          'int32',
          Int32Array.from(numbers, (n) => -n),
          dims,
        ),
        'uint8.in': new ort.Tensor(
          'uint8',
          Uint8Array.from(numbers, (n) => 255 - n),
          dims,
        ),
        'bool.in': new ort.Tensor('bool', Uint8Array.from(numbers), dims),
        'scalar.in': new ort.Tensor('float32', [-0.25], []),
      };
      const outputs = await session.run(feeds);
      for (const [name, fed] of Object.entries(feeds)) {
        const { type, dims: shapeOut, data } = outputs[name.replace('.in', '.out')]!;
        expect({ name, type, shapeOut, data }).toEqual({
          name,
          type: fed.type,
          shapeOut: fed.dims,
          data: fed.data,
        });
      }
    }
  });

  it('written into the graph are read as they were, of every type and shape', async () => {
    const g = new GraphBuilder();
    const most = Number.MAX_SAFE_INTEGER;
    g.output('float32', g.constant('float32', [2, 3], [0, -1.5, 3.4e38, 1e-45, Infinity, NaN]));
    g.output('int64', g.list(0, -1, most, -most));
    g.output('int32', g.constant('int32', [1, 2], [2 ** 31 - 1, -(2 ** 31)]));
    g.output('uint8', g.constant('uint8', [2], [0, 255]));
    g.output('bool', g.constant('bool', [1, 1, 2], [1, 0]));
    g.output('scalar', g.scalar('float32', 0.5));
    g.output('nothing', g.constant('float32', [0, 4], []));
    const outputs = await run(g.finish(), {});
    const read = Object.entries(outputs).map(([name, { type, dims, data }]) => ({
      name,
      type,
      dims,
      data,
    }));
    const row = (name: string, type: string, dims: number[], data: ArrayLike<number | bigint>) => ({
      name,
      type,
      dims,
      data,
    });
    expect(read).toEqual([
      row('float32', 'float32', [2, 3], Float32Array.of(0, -1.5, 3.4e38, 1e-45, Infinity, NaN)),
      row('int64', 'int64', [4], BigInt64Array.from([0, -1, most, -most], BigInt)),
      row('int32', 'int32', [1, 2], Int32Array.of(2 ** 31 - 1, -(2 ** 31))),
      row('uint8', 'uint8', [2], Uint8Array.of(0, 255)),
      row('bool', 'bool', [1, 1, 2], Uint8Array.of(1, 0)),
      row('scalar', 'float32', [], Float32Array.of(0.5)),
      row('nothing', 'float32', [0, 4], new Float32Array(0)),
    ]);
  });
});

describe('operators', () => {
  it('may leave inputs and outputs out in the middle', async () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', [2, 4]);
    const one = g.constant('float32', [4], [1, 1, 1, 1]);
    // No lower bound, and of four outputs only the first and the last.
    const clipped = g.op('Clip', [x, null, g.scalar('float32', 2)], x);
    const [normed, mean, inverse, sum] = g.ops(
      'SkipSimplifiedLayerNormalization',
      [x, clipped, one],
      [x, null, null, x],
      {
        domain: 'com.microsoft',
        attributes: { epsilon: float(0.5), unset: undefined },
      },
    );
    expect([mean, inverse]).toEqual([null, null]);
    g.output('sum', sum as Value);
    g.output('normed', normed as Value);
    const numbers = [-3, 1, 2.5, 8, 0, -0.5, 4, 1];
    const outputs = await run(g.finish(), { x: tensor(numbers, [2, 4]) });
    const expected = numbers.map((number) => number + Math.min(number, 2));
    expectClose(outputs['sum'], expected);
    const deviation = (row: number) => {
      const squares = expected.slice(4 * row, 4 * row + 4).map((number) => number ** 2);
      return Math.sqrt(squares.reduce((total, square) => total + square) / 4 + 0.5);
    };
    expectClose(
      outputs['normed'],
      expected.map((number, index) => number / deviation(index >> 2)),
    );
  });

  it('take attributes of every kind, graphs within graphs included', async () => {
    const build = () => {
      const g = new GraphBuilder();
      const x = g.input('x', 'float32', [2, 2]);
      const isSteep = g.input('isSteep', 'bool', []);
      const isTurned = g.input('isTurned', 'bool', []);
      const leaky = g.op('LeakyRelu', [x], x, { attributes: { alpha: float(0.25) } });
      const soft = g.op('Softmax', [leaky], x, { attributes: { axis: int(0) } });
      const gelu = g.op('Gelu', [leaky], x, { attributes: { approximate: text('tanh') } });
      const turn = () => g.op('Transpose', [leaky], x, { attributes: { perm: ints([1, 0]) } });
      const weight = g.weightsFrom(float32, () => g.weight(g.tensor('w', [2, 2], 'norm')));
      const chosen = g.scope('choice', () =>
        g.choose(
          isSteep,
          () => multiply(g, leaky, g.scalar('float32', 100)),
          () =>
            g.choose(
              isTurned,
              () => add(g, turn(), weight),
              () => leaky,
            ), // as it comes from outside
        ),
      );
      for (const [name, value] of Object.entries({ soft, gelu, chosen })) g.output(name, value);
      return g.finish();
    };
    const leaky = [-0.5, 1, 2, -0.25]; // of −2, 1, 2, −1
    const tanh = (x: number) =>
      0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    const choices: readonly (readonly [boolean, boolean, readonly number[]])[] = [
      [true, false, leaky.map((number) => 100 * number)],
      [false, true, [-0.5 + 1, 2 + 1, 1 + 1, -0.25 + 1]], // a random norm weight is all ones
      [false, false, leaky],
    ];
    const session = await openModel(build());
    for (const [isSteep, isTurned, chosen] of choices) {
      const outputs = await session.run({
        x: tensor([-2, 1, 2, -1], [2, 2]),
        isSteep: new ort.Tensor('bool', [isSteep], []),
        isTurned: new ort.Tensor('bool', [isTurned], []),
      });
      expectClose(outputs['chosen'], chosen);
      expectClose(outputs['gelu'], leaky.map(tanh));
      const column = leaky.map(
        (number, index) =>
          Math.exp(number) / (Math.exp(leaky[index % 2]!) + Math.exp(leaky[2 + (index % 2)]!)),
      );
      expectClose(outputs['soft'], column);
    }
  });
});

describe('weights beside the graph', () => {
  it('are put together from named tensors by every kind of recipe', async () => {
    const g = new GraphBuilder();
    const rotary = { rows: 2, frequencies: [1, 0.5], scale: 1 };
    const tensors = {
      a: [1, 2, 3, 4, 5, 6],
      b: [7, 8, 9],
      table: [10, 20, 30, 40, 50, 60, 70, 80],
    };
    g.weightsFrom(float32, () => {
      const a = g.tensor('a', [2, 3], 'matrix');
      const b = g.tensor('b', [1, 3], 'matrix');
      const table = g.tensor('table', [4, 2], 'embedding');
      g.output('tensor', g.weight(a));
      g.output('concatenate', g.weight({ kind: 'concatenate', parts: [a, b, a] }));
      g.output('rows', g.weight({ kind: 'rows', of: table, start: 1, count: 2 }));
      g.output('offset', g.weight({ kind: 'offset', of: b, by: 0.5 }));
      g.output('reshape', g.weight({ kind: 'reshape', of: a, shape: [3, 1, 2] }));
      g.output(
        'computed',
        g.weight({ kind: 'computed', shape: [2, 2], of: { table: 'rotary-sine', ...rotary } }),
      );
      const cut = {
        kind: 'rows',
        of: { kind: 'concatenate', parts: [a, b] },
        start: 1,
        count: 2,
      } as const;
      g.output('nested', g.weight({ kind: 'offset', of: cut, by: 100 }));
    });
    const outputs = await run(g.finish(), {}, tensors);
    const read = Object.entries(outputs).map(([name, { dims, data }]) => [
      name,
      dims,
      [...(data as Float32Array)],
    ]);
    const { a, b } = tensors;
    expect(read).toEqual([
      ['tensor', [2, 3], a],
      ['concatenate', [5, 3], [...a, ...b, ...a]],
      ['rows', [2, 2], [30, 40, 50, 60]],
      ['offset', [1, 3], [7.5, 8.5, 9.5]],
      ['reshape', [3, 1, 2], a],
      ['computed', [2, 2], [0, 0, Math.fround(Math.sin(1)), Math.fround(Math.sin(0.5))]],
      ['nested', [2, 3], [104, 105, 106, 107, 108, 109]],
    ]);
  });

  /** Rows of 40 or 72 fill no whole number of blocks: the last is padded. */
  it.each([
    { bits: 4, blockSize: 32, columns: 40 },
    { bits: 8, blockSize: 32, columns: 72 },
    { bits: 4, blockSize: 64, columns: 72 },
    { bits: 8, blockSize: 128, columns: 128 },
  ] as const)(
    'multiply in $bits-bit blocks of $blockSize over $columns channels',
    async ({ columns, ...blocks }) => {
      const rows = 5;
      const draw = seededRandom(columns);
      const wholeNumber = (least: number, most: number) =>
        least + Math.floor(draw() * (most - least + 1));
      const half = 2 ** (blocks.bits - 1);
      // Weights on the grid of their block, whose lowest code occurs, and inputs that int8 holds exactly.
      const weight = Array.from({ length: rows * columns }, (_, index) => {
        const place = index % columns;
        const scale = 2 ** -(3 + (Math.floor(place / blocks.blockSize) % 3));
        return scale * (place % blocks.blockSize === 0 ? -half : wholeNumber(-half, half - 1));
      });
      const x = Array.from({ length: 2 * columns }, (_, index) =>
        (index % columns) % blocks.blockSize === 1 ? 127 : wholeNumber(-127, 127),
      );
      const bias = [0.5, -1, 0, 2, 100];
      const outputs = await run(
        linearGraph(rows, columns, blocks),
        { x: tensor(x, [1, 2, columns]) },
        { weight, bias },
      );
      const product = [0, 1].flatMap((token) =>
        bias.map((start, row) => {
          let sum = start;
          for (let k = 0; k < columns; k++)
            sum += x[token * columns + k]! * weight[row * columns + k]!;
          return sum;
        }),
      );
      expectClose(outputs['y'], product, 1e-5);
    },
  );

  it.each([4, 8] as const)('are read by row from a table in %i-bit blocks', async (bits) => {
    const [rows, columns] = [3, 64];
    const half = 2 ** (bits - 1);
    const table = Array.from({ length: rows * columns }, (_, index) => {
      const scale = index % 64 < 32 ? 0.25 : 2;
      return scale * (index % 32 === 5 ? -half : (index * 7) % half);
    });
    const g = new GraphBuilder();
    const ids = g.input('ids', 'int64', [1, 'sequence']);
    const blocks = { bits, blockSize: 32 };
    const { codes, scales } = g.weightsFrom({ origin, blocks }, () =>
      g.blockTable(g.tensor('table', [rows, columns], 'embedding'), blocks),
    );
    const attributes = {
      bits: int(bits),
      block_size: int(32),
      gather_axis: int(0),
      quantize_axis: int(1),
    };
    const picked = g.op(
      'GatherBlockQuantized',
      [codes, ids, scales],
      { type: 'float32', shape: [1, 'sequence', columns] },
      { domain: 'com.microsoft', attributes },
    );
    g.output('rows', picked);
    const ids64 = new ort.Tensor('int64', [2n, 0n, 2n], [1, 3]);
    const outputs = await run(g.finish(), { ids: ids64 }, { table });
    expect([...(outputs['rows']!.data as Float32Array)]).toEqual(
      [2, 0, 2].flatMap((row) => table.slice(row * columns, (row + 1) * columns)),
    );
  });

  it('drawn from a seed are the same model in every format, and every time', async () => {
    const [rows, columns] = [48, 96];
    const draw = seededRandom(1);
    const x = Array.from({ length: 2 * columns }, () => 2 * draw() - 1);
    const results = [null, { bits: 8, blockSize: 32 }, { bits: 4, blockSize: 32 }] as const;
    const [exact, int8, int4] = await Promise.all(
      results.map(async (blocks) => {
        const outputs = await run(linearGraph(rows, columns, blocks), {
          x: tensor(x, [1, 2, columns]),
        });
        return outputs['y']?.data as Float32Array;
      }),
    );
    const distance = (other: Float32Array) => {
      const norm = (numbers: Float32Array) => Math.hypot(...numbers);
      return norm(other.map((number, index) => number - exact![index]!)) / norm(exact!);
    };
    expect(distance(int8!)).toBeLessThan(0.015);
    expect(distance(int4!)).toBeGreaterThan(0.02);
    expect(distance(int4!)).toBeLessThan(0.15);
    const again = await run(linearGraph(rows, columns, null), { x: tensor(x, [1, 2, columns]) });
    expect(again['y']?.data).toEqual(exact);
  });
});

/** y = x Wᵀ + b over x [1, 2, columns]. */
function linearGraph(rows: number, columns: number, blocks: BlockFormat | null): StageModel {
  const g = new GraphBuilder();
  const x = g.input('x', 'float32', [1, 2, columns]);
  g.weightsFrom({ origin, blocks }, () => {
    const weight = g.tensor('weight', [rows, columns], 'matrix');
    g.output('y', matrixProduct(g, x, weight, g.tensor('bias', [rows], 'bias')));
  });
  return g.finish();
}

const tensor = (data: readonly number[], dims: readonly number[]) =>
  new ort.Tensor('float32', Float32Array.from(data), dims);

let written = 0;

/** Tensors by name, or seeded noise where none are given. */
async function openModel(model: StageModel, tensors?: Readonly<Record<string, readonly number[]>>) {
  const name = `graph${written++}`;
  const layout = layoutWeights(model);
  const file = await open(join(folder, `${name}.bin`), 'w');
  const wrote = await writeWeights(model, layout, file, sourceFrom(model, tensors), async () =>
    ok(null),
  );
  expect(wrote).toEqual(ok(null));
  await file.close();
  await writeFile(join(folder, `${name}.onnx`), encodeModel(model, layout, `${name}.bin`));
  return ort.InferenceSession.create(join(folder, `${name}.onnx`), { logSeverityLevel: 3 });
}

function sourceFrom(
  { weights }: StageModel,
  tensors?: Readonly<Record<string, readonly number[]>>,
): SourceOf {
  if (!tensors) return () => ({ kind: 'random', noise: noiseTable(3) });
  const named = weights.flatMap(({ expression }) => [...tensorsOf(expression)]);
  expect(named.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(tensors)));
  return () => ({
    kind: 'checkpoint',
    rows({ name, shape: [, ...rest] }, first, count) {
      const columns = rest.reduce((product, size) => product * size, 1);
      return ok(
        Float32Array.from(tensors[name]!.slice(first * columns, (first + count) * columns)),
      );
    },
  });
}

async function run(
  model: StageModel,
  feeds: Record<string, ort.Tensor>,
  tensors?: Readonly<Record<string, readonly number[]>>,
) {
  const session = await openModel(model, tensors);
  const outputs = await session.run(feeds);
  await session.release();
  return outputs;
}

function expectClose(
  actual: ort.Tensor | undefined,
  expected: readonly number[],
  tolerance = 1e-6,
): void {
  const data = actual?.data as Float32Array;
  expect(data).toHaveLength(expected.length);
  for (const [index, number] of expected.entries()) {
    expect(Math.abs(data[index]! - number), `number ${index}`).toBeLessThanOrEqual(
      tolerance * (1 + Math.abs(number)),
    );
  }
}
