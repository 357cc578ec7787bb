/** Matrices in 8 bits by channel round as they promise, and multiply tokens of any size (W8A8) as the plain formula does. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exactLinear, linear } from '#engine/onnx/blocks/linear.ts';
import { GraphBuilder, type WeightSetting } from '#engine/onnx/graph-builder.ts';
import { normalNumbers } from '#nodes/normal-numbers.testing.ts';
import { linear as slowLinear, toRows, type Rows } from '#nodes/slow-formulas.testing.ts';
import { floatsOf, NodeBench } from '#verify/node-bench.testing.ts';
import { float32 } from '../sessions/sessions.ts';
import { writeKnownWeights } from './known-weights.testing.ts';
import { quantiseChannels, turnInto } from './quantise-channels.ts';
import type { KnownTensor } from './write-safetensors.testing.ts';

/** What codes and scales stand for, [outputs, inputs]. */
function roundedByChannel(numbers: Float32Array, inputs: number): Rows {
  const { codes, scales } = quantiseChannels(numbers, inputs);
  return toRows(codes, inputs).map((row, output) =>
    row.map((code) => code * (scales[output] ?? NaN)),
  );
}

describe('rounding', () => {
  test('is never off by more than half a step of its channel, whatever the sizes of the others', () => {
    for (const inputs of [1, 7, 300]) {
      const sizes = [1e-30, 1, 1e30];
      const numbers = normalNumbers(sizes.length * inputs, inputs);
      for (const [index, number] of numbers.entries())
        numbers[index] = number * (sizes[Math.floor(index / inputs)] ?? NaN);
      const { scales } = quantiseChannels(numbers, inputs);
      for (const [output, row] of roundedByChannel(numbers, inputs).entries()) {
        const plain = Array.from(numbers.subarray(output * inputs, (output + 1) * inputs));
        const most = Math.max(...plain.map(Math.abs));
        const scale = scales[output] ?? NaN;
        expect(scale).toBe(Math.fround(most / 127));
        const errors = row.map((number, input) => Math.abs(number - (plain[input] ?? NaN)));
        expect(Math.max(...errors)).toBeLessThanOrEqual(0.50001 * scale);
      }
    }
  });

  test('has as many steps up as down, zeros stay zero, and so does what is too small to divide by', () => {
    const rows = Float32Array.of(-2, 2, 0, 1, 0, 0, 0, -0, 1e-37, -1e-38, 0, 0);
    const { codes, scales } = quantiseChannels(rows, 4);
    expect(toRows(codes, 4)).toEqual([
      [-127, 127, 0, 64],
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
    expect([...scales]).toEqual([Math.fround(2 / 127), 0, 0]);
  });

  test('is laid into a panel turned, from any output on', () => {
    // 150 outputs: two bundles and a part of one.
    const [inputs, outputs, at, width] = [3, 150, 2, 160];
    const codes = Int8Array.from({ length: inputs * outputs }, (_, index) => (index % 127) + 1);
    const panel = { codes: new Int8Array(inputs * width), width };
    turnInto(panel, at, codes);
    const expected = Array.from({ length: inputs }, (_, input) =>
      Array.from({ length: width }, (_none, output) => codes[(output - at) * inputs + input] ?? 0),
    );
    for (const row of expected) row.fill(0, 0, at).fill(0, at + outputs);
    expect(toRows(panel.codes, width)).toEqual(expected);
  });
});

describe('on ONNX Runtime', () => {
  let bench: NodeBench;
  beforeAll(async () => {
    bench = await NodeBench.open();
  });
  afterAll(() => bench.close());

  const [inputs, outputs] = [160, 24];
  const shape = { inputs, outputs, bias: true };
  const roundsTokens = { blocks: { bits: 8, blockSize: 32 }, roundsTokens: true } as const;

  async function openLayer() {
    const folder = await bench.newFolder();
    const g = new GraphBuilder();
    const layout = { title: 'alone', key: (name: string) => name, owns: () => true };
    const source = { kind: 'checkpoint', folder } as const;
    const setting: WeightSetting = {
      origin: { node: 'test', source, layouts: [layout] },
      ...roundsTokens,
    };
    g.weightsFrom(setting, () => {
      const x = g.input('x', 'float32', [1, 'tokens', inputs]);
      g.output('y', linear(g, x, 'layer', shape));
      g.output('exact', exactLinear(g, x, 'layer', shape));
    });
    const model = g.finish();
    const known = await writeKnownWeights(folder, [model], 5);
    const numbers = (name: string) => (known.get(name) as KnownTensor).data;
    const run = async (x: Float32Array) => {
      const tokens = x.length / inputs;
      const { y, exact } = await bench.run(model, { x: float32(x, [1, tokens, inputs]) });
      return { y: toRows(floatsOf(y), outputs), exact: toRows(floatsOf(exact), outputs) };
    };
    return { weight: numbers('layer.weight'), bias: numbers('layer.bias'), run };
  }

  /** Length of the difference over the length of what should be. */
  const distance = (row: readonly number[], expected: readonly number[]) =>
    Math.hypot(...row.map((number, index) => number - (expected[index] ?? NaN))) /
    Math.hypot(...expected);

  test('a layer multiplies as its codes say, within the rounding of a token', async () => {
    const { weight, bias, run } = await openLayer();
    const rounded = roundedByChannel(weight, inputs);
    // One token is what decode multiplies, nine what prefill does.
    for (const tokens of [1, 9]) {
      const x = normalNumbers(tokens * inputs, tokens);
      const rows = toRows(x, inputs);
      const { y, exact } = await run(x);
      for (const [token, expected] of slowLinear(rows, rounded, bias).entries()) {
        const size = Math.max(...(rows[token] ?? []).map(Math.abs));
        for (const [output, number] of expected.entries()) {
          // From −size to size in 254 steps, rounded to half of one.
          const bound = (rounded[output] ?? []).reduce((sum, w) => sum + Math.abs(w), 0);
          const error = Math.abs((y[token]?.[output] ?? NaN) - number);
          expect(error).toBeLessThanOrEqual((0.5 * size * bound) / 127 + 1e-5);
        }
        expect(distance(y[token] ?? [], exact[token] ?? [])).toBeLessThan(0.015);
      }
    }
  });

  test('what a token gives does not depend on the others, even on one 200 times as large', async () => {
    const { run } = await openLayer();
    const x = normalNumbers(8 * inputs, 3);
    const [before, large] = [await run(x), x.slice()];
    for (let index = 5 * inputs; index < 6 * inputs; index++) large[index]! *= 200;
    const after = await run(large);
    for (const [token, row] of after.y.entries()) {
      expect(distance(row, after.exact[token] ?? [])).toBeLessThan(0.015);
      if (token !== 5) expect(row).toEqual(before.y[token]);
    }
  });

  test('a token of all zeros gives the bias, beside others and alone', async () => {
    const { bias, run } = await openLayer();
    const x = normalNumbers(3 * inputs, 4);
    x.fill(0, inputs, 2 * inputs);
    expect((await run(x)).y[1]).toEqual([...bias]);
    expect((await run(new Float32Array(2 * inputs))).y).toEqual([[...bias], [...bias]]);
  });

  test('no tokens give none', async () => {
    const { run } = await openLayer();
    expect((await run(new Float32Array(0))).y).toEqual([]);
  });
});
