import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32, type TensorMap } from '#host/sessions/sessions.ts';
import { Workbench } from '#verify/workbench.ts';
import { GraphBuilder } from './graph-builder.ts';
import * as op from './operators.ts';
import * as shapeOp from './shape-operators.ts';
import { bindDim, type Value } from './value.ts';

/** How many rows `n` the run has. */
const n = 4;
const numbers = (count: number, value: (index: number) => number): number[] =>
  Array.from({ length: count }, (_, index) => value(index));
/** [2, n, 3], all different, of both signs. */
const x = numbers(2 * n * 3, (index) => Math.sin(5 * index) * 2);
/** [3] */
const row = [0.5, -1, 2];
/** Where each number of x stands. */
const places = x.map(
  (_, index) => [Math.floor(index / (3 * n)), Math.floor(index / 3) % n, index % 3] as const,
);
const at = (i: number, j: number, k: number): number => x[(i * n + j) * 3 + k]!;
/** Numbers of [2, n, 3] from their places. */
const each = (value: (i: number, j: number, k: number) => number): number[] =>
  places.map((place) => value(...place));
const lines = numbers(2 * n, (index) => index).map((line) => x.slice(3 * line, 3 * line + 3));
const total = (line: readonly number[]): number => line.reduce((sum, number) => sum + number, 0);

type Case = readonly [value: Value, expected: readonly number[]];

/** Every operator, by the name of its output. */
function cases(g: GraphBuilder): Readonly<Record<string, Case>> {
  const input = g.input('x', 'float32', [2, 'n', 3]);
  const vector = g.input('row', 'float32', [3]);
  const scalar = g.scalar('float32', 0.5);
  const flat = shapeOp.reshape(g, input, ['n', 6]);
  const [left, right] = shapeOp.split(g, input, -1, [1, 2]) as readonly [Value, Value];
  const length = shapeOp.lengthOf(g, input, 1);
  const best = op.topK(g, input, g.scalar('int64', 2), 2);
  const least = op.topK(g, input, g.list(1), 1, 'smallest');
  const square = op.matmul(g, input, shapeOp.transpose(g, input, 0, 2, 1)); // [2, n, n]
  const mixed = op.matmul(g, square, shapeOp.slice(g, input, 0, g.list(1), g.list(2), 1)); // [2, n, 3]
  const erf = (z: number) => (2 * integral((t) => Math.exp(-t * t), z)) / Math.sqrt(Math.PI);
  const sorted = (line: readonly number[]) => line.toSorted((a, b) => b - a);
  return {
    add: [op.add(g, input, vector), each((i, j, k) => at(i, j, k) + row[k]!)],
    subtract: [op.subtract(g, vector, input), each((i, j, k) => row[k]! - at(i, j, k))],
    multiply: [op.multiply(g, scalar, input), x.map((number) => 0.5 * number)],
    divide: [op.divide(g, input, vector), each((i, j, k) => at(i, j, k) / row[k]!)],
    equal: [
      op.equal(g, op.floor(g, vector), g.constant('float32', [2, 1], [0, -1])),
      [1, 0, 0, 0, 1, 0],
    ],
    greater: [op.greater(g, input, scalar), x.map((number) => Number(number > 0.5))],
    sigmoid: [op.sigmoid(g, input), x.map((number) => 1 / (1 + Math.exp(-number)))],
    floor: [op.floor(g, input), x.map(Math.floor)],
    root: [op.squareRoot(g, op.multiply(g, input, input)), x.map(Math.abs)],
    negate: [op.negate(g, input), x.map((number) => -number)],
    quickGelu: [
      op.quickGelu(g, input, 1.702),
      x.map((number) => number / (1 + Math.exp(-1.702 * number))),
    ],
    gelu: [
      op.gelu(g, input, 'none'),
      x.map((number) => (number / 2) * (1 + erf(number / Math.SQRT2))),
    ],
    cast: [op.cast(g, input, 'int64'), x.map(Math.trunc)],
    flat: [flat, x],
    kept: [shapeOp.reshape(g, input, [6, 'n', 1]), x],
    transpose: [
      shapeOp.transpose(g, input, 2, 0, 1),
      [0, 1, 2].flatMap((k) => numbers(2 * n, (line) => at(Math.floor(line / n), line % n, k))),
    ],
    concatenate: [
      shapeOp.concatenate(
        g,
        [input, shapeOp.reshape(g, vector, [1, 1, 3]), input].map((part) =>
          shapeOp.slice(g, part, 0, g.list(0), g.list(1), 1),
        ),
        1,
        'joined',
      ),
      [...x.slice(0, 3 * n), ...row, ...x.slice(0, 3 * n)],
    ],
    repeated: [
      shapeOp.repeatAs(g, shapeOp.reshape(g, vector, [1, 3, 1]), 2, input, 1),
      row.flatMap((number) => numbers(n, () => number)),
    ],
    left: [left, lines.flatMap((line) => line.slice(0, 1))],
    right: [right, lines.flatMap((line) => line.slice(1))],
    gathered: [
      shapeOp.gather(g, input, g.list(2, 0, 0, 2), -1),
      lines.flatMap(([a, , c]) => [c!, a!, a!, c!]),
    ],
    picked: [shapeOp.gather(g, input, g.scalar('int64', 1), 0), x.slice(3 * n)],
    unsqueezed: [shapeOp.unsqueeze(g, input, 1), x],
    squeezed: [shapeOp.squeeze(g, left, 2), lines.map(([first]) => first!)],
    length: [length, [n]],
    range: [op.range(g, g.scalar('int64', 1), length, 'others'), [1, 2, 3]],
    softmax: [
      op.softmax(g, input, -1),
      lines.flatMap((line) => {
        const powers = line.map(Math.exp);
        return powers.map((power) => power / total(powers));
      }),
    ],
    sum: [op.sum(g, input, -1, true), lines.map(total)],
    mean: [op.mean(g, input, 2, false), lines.map((line) => total(line) / 3)],
    overAll: [
      op.sum(g, input, [0, -1], true),
      numbers(n, (j) => total([0, 1].flatMap((i) => [0, 1, 2].map((k) => at(i, j, k))))),
    ],
    norm: [op.euclideanNorm(g, input, -1, false), lines.map((line) => Math.hypot(...line))],
    best: [best.values, lines.flatMap((line) => sorted(line).slice(0, 2))],
    bestAt: [
      best.indices,
      lines.flatMap((line) =>
        sorted(line)
          .slice(0, 2)
          .map((number) => line.indexOf(number)),
      ),
    ],
    least: [least.values, lines.map((line) => Math.min(...line))],
    square: [
      square,
      numbers(2 * n * n, (index) => {
        const [i, j, other] = [Math.floor(index / n / n), Math.floor(index / n) % n, index % n];
        return total(row.map((_, k) => at(i, j, k) * at(i, other, k)));
      }),
    ],
    mixed: [
      mixed,
      each((i, j, k) =>
        total(
          numbers(
            n,
            (other) => total(row.map((_, c) => at(i, j, c) * at(i, other, c))) * at(1, other, k),
          ),
        ),
      ),
    ],
    padded: [shapeOp.padEnd(g, input, -1, 5), lines.flatMap((line) => [...line, 0, 0])],
  };
}

describe('every operator', () => {
  let expected: Readonly<Record<string, Case>> = {};
  let outputs: TensorMap = {};
  let bench: Workbench | undefined;
  beforeAll(async () => {
    const opened = await Workbench.open();
    if (!opened.ok) throw new Error(JSON.stringify(opened.problems));
    bench = opened.value;
    const g = new GraphBuilder();
    expected = cases(g);
    for (const [name, [value]] of Object.entries(expected)) g.output(name, value);
    const feeds = {
      x: float32(Float32Array.from(x), [2, n, 3]),
      row: float32(Float32Array.from(row), [3]),
    };
    const ran = await bench.run(g.finish(), feeds);
    if (!ran.ok) throw new Error(JSON.stringify(ran.problems));
    outputs = ran.value;
  });
  afterAll(() => bench?.close());

  it('gives the numbers that a plain formula gives', () => {
    for (const [name, [, formula]] of Object.entries(expected)) {
      const data = Array.from(outputs[name]?.data as ArrayLike<number | bigint>, Number);
      expect(data, name).toHaveLength(formula.length);
      for (const [index, number] of formula.entries()) {
        expect(Math.abs(data[index]! - number), `${name} ${index}`).toBeLessThan(
          2e-6 * (1 + Math.abs(number)),
        );
      }
    }
  });

  it('gives the type and shape that it said it would', () => {
    const sizes = { n, joined: 2 * n + 1, others: n - 1 };
    const said = Object.entries(expected).map(([name, [{ type, shape }]]) => [
      name,
      type,
      shape.map((dim) => bindDim(dim, sizes)),
    ]);
    const given = Object.entries(outputs).map(([name, { type, dims }]) => [name, type, dims]);
    expect(given).toEqual(said);
  });
});

it('a product of matrices counts its arithmetic, also over sizes not known yet', () => {
  const g = new GraphBuilder();
  const a = g.input('a', 'float32', [2, 'n', 5]);
  op.matmul(g, a, g.input('b', 'float32', [1, 5, 7]));
  op.matmul(g, a, g.input('c', 'float32', [5, 'n']));
  expect(g.finish().work).toEqual([
    { scope: '', multiplyAdds: 2 * 7 * 5, dims: ['n'] },
    { scope: '', multiplyAdds: 2 * 5, dims: ['n', 'n'] },
  ]);
});

type Build = (g: GraphBuilder, a: Value, b: Value) => unknown;

/** a is float32 [2, n, 3], b is float32 [n, 4]. */
describe('a shape that cannot be is a bug in a body, and throws', () => {
  it.each<[string, Build, string]>([
    ['to add', (g, a, b) => op.add(g, a, b), 'Cannot broadcast "a" [2, n, 3] with "b" [n, 4].'],
    ['to compare', (g, a) => op.greater(g, a, g.list(0)), '"a" [2, n, 3] is float32, '],
    [
      'to multiply matrices',
      (g, a, b) => op.matmul(g, a, b),
      'Cannot multiply "a" [2, n, 3] by "b"',
    ],
    [
      'to multiply batches',
      (g, a) => op.matmul(g, a, g.constant('float32', [3, 3, 1], Array(9).fill(0))),
      'Cannot broadcast "a" [2]',
    ],
    ['to reshape', (g, a) => shapeOp.reshape(g, a, ['n', 5]), 'do not fill [n, 5]'],
    [
      'to reshape to two unknowns',
      (g, a) => shapeOp.reshape(g, a, ['m', 'k']),
      'more than one size open',
    ],
    [
      'to transpose',
      (g, a) => shapeOp.transpose(g, a, 0, 2, 2),
      '[0, 2, 2] does not order the axes of',
    ],
    [
      'to join',
      (g, a, b) => shapeOp.concatenate(g, [a, b], 1, 'm'),
      'Cannot join "a" [2, n, 3], "b" [n, 4]',
    ],
    [
      'to join to another length',
      (g, a) => shapeOp.concatenate(g, [a, a], 2, 5),
      'to 5 along axis 2',
    ],
    [
      'to split',
      (g, a) => shapeOp.split(g, a, -1, [1, 1]),
      'does not split into 1 + 1 along axis -1',
    ],
    [
      'to split what is not known',
      (g, a) => shapeOp.split(g, a, 1, [1, 1]),
      'must have a fixed size',
    ],
    [
      'to squeeze',
      (g, a) => shapeOp.squeeze(g, a, 0),
      'Axis 0 of "a" [2, n, 3] is not of length 1.',
    ],
    ['to pad', (g, a) => shapeOp.padEnd(g, a, -1, 2), 'is longer than 2'],
  ])('%s', (_, build, says) => {
    const g = new GraphBuilder();
    const a = g.input('a', 'float32', [2, 'n', 3]);
    const b = g.input('b', 'float32', ['n', 4]);
    expect(() => build(g, a, b)).toThrow(says);
  });
});

/** From 0 to `end`, by Simpson's rule. */
function integral(value: (at: number) => number, end: number): number {
  const steps = 200;
  const width = end / steps;
  const weighted = numbers(
    steps + 1,
    (step) => (step === 0 || step === steps ? 1 : step % 2 === 1 ? 4 : 2) * value(step * width),
  );
  return (total(weighted) * width) / 3;
}
