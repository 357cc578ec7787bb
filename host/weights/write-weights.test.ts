/** Weight files hold every initializer at its place, whatever was read in pieces. */
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { layoutWeights } from '#engine/onnx/weight-layout.ts';
import { normalNumbers } from '#nodes/normal-numbers.testing.ts';
import { noiseTable } from './noise.ts';
import { quantiseBlocks } from './quantise-blocks.ts';
import { writeChannels } from './write-channels.ts';
import { writeWeights } from './write-weights.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-weights-'));
});
afterAll(() => rm(folder, { recursive: true }));

const noise = noiseTable(4);
const format = { bits: 4, blockSize: 32 } as const;
/** 2,600 rows of 1,000: more than is held at once; and rows that end in half a block. */
const large = { name: 'large', shape: [2600, 1000], init: 'matrix' } as const;
const small = { name: 'small', shape: [3, 80], init: 'matrix' } as const;

function build() {
  const g = new GraphBuilder();
  const source = { kind: 'random', seed: 4 } as const;
  g.weightsFrom({ origin: { node: 'test', source, layouts: [] }, blocks: null }, () => {
    const expression = (of: typeof large | typeof small) => g.tensor(of.name, of.shape, of.init);
    g.weight(expression(large));
    g.blockWeight(expression(small), format);
    g.blockWeight(expression(large), format);
    g.channelWeight(expression(small));
    g.channelWeight(expression(large));
    g.weight(g.tensor('norm', [7], 'norm'));
  });
  return g.finish();
}

async function write(told: (written: number) => boolean) {
  const model = build();
  const layout = layoutWeights(model);
  const path = join(folder, 'weights.bin');
  const file = await open(path, 'w');
  const stop = fail(error('run-cancelled', 'Stopped.'));
  const outcome = await writeWeights(
    model,
    layout,
    file,
    () => ({ kind: 'random', noise }),
    (written) => Promise.resolve(told(written) ? ok(null) : stop),
  );
  await file.close();
  return { outcome, layout, bytes: await readFile(path) };
}

test('every initializer lies whole at its place', async () => {
  const progress: number[] = [];
  const { outcome, layout, bytes } = await write((written) => progress.push(written) > 0);
  expect(outcome).toEqual(ok(null));
  expect(bytes.length).toBe(layout.totalBytes);

  const numbers = noise.rows(large, 0, 2600);
  const smallBlocks = quantiseBlocks(noise.rows(small, 0, 3), 80, format);
  const largeBlocks = quantiseBlocks(numbers, 1000, format);
  const [smallTurned, largeTurned] = [
    turned(noise.rows(small, 0, 3), 80),
    turned(numbers, 1000),
  ] as const;
  const expected = [
    numbers,
    smallBlocks.codes,
    smallBlocks.scales,
    largeBlocks.codes,
    largeBlocks.scales,
    ...smallTurned,
    ...largeTurned,
    new Float32Array(7).fill(1),
  ];
  for (const [index, { offset, length }] of [...layout.places.values()].entries()) {
    const { buffer, byteOffset, byteLength } = expected[index] as
      Float32Array | Uint8Array | Int8Array;
    expect([offset % 4096, length]).toEqual([0, byteLength]);
    const there = bytes.subarray(offset, offset + length);
    expect(there.equals(Buffer.from(buffer, byteOffset, byteLength))).toBe(true);
  }
  // Two pieces for each large matrix, one for each small one; of those stored turned also the scales.
  expect(progress).toHaveLength(11);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(progress.at(-1)).toBe(layout.totalBytes);
});

/** Codes [inputs, outputs] and scales [outputs], straight from the definition. */
function turned(numbers: Float32Array, inputs: number): readonly [Int8Array, Float32Array] {
  const outputs = numbers.length / inputs;
  const codes = new Int8Array(numbers.length);
  const scales = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const row = numbers.subarray(output * inputs, (output + 1) * inputs);
    const scale = Math.fround(row.reduce((most, each) => Math.max(most, Math.abs(each)), 0) / 127);
    scales[output] = scale;
    for (const [input, number] of row.entries())
      codes[input * outputs + output] = Math.round(number / scale);
  }
  return [codes, scales];
}

test.each([1, 700, 5000])(
  'a matrix is written turned in panels of %i codes',
  async (codesAtOnce) => {
    const [inputs, outputs] = [70, 90];
    const numbers = normalNumbers(inputs * outputs, 8);
    const path = join(folder, 'turned.bin');
    const file = await open(path, 'w');
    const length = inputs * outputs;
    const places = {
      codes: { offset: 64, length },
      scales: { offset: 64 + length, length: 4 * outputs },
    };
    const read = (first: number, count: number) =>
      ok(numbers.slice(first * inputs, (first + count) * inputs));
    const rows = { outputs, inputs, step: 4, read };
    const told = () => Promise.resolve(ok(null));
    expect(await writeChannels(file, rows, places, told, codesAtOnce)).toEqual(ok(null));
    await file.close();
    const bytes = await readFile(path);
    const [codes, scales] = turned(numbers, inputs);
    expect(new Int8Array(bytes.subarray(64, 64 + length))).toEqual(codes);
    expect(bytes.subarray(64 + length).equals(Buffer.from(scales.buffer))).toBe(true);
  },
);

test('where the one who is told says stop, the writing ends', async () => {
  let told = 0;
  const { outcome } = await write(() => ++told < 2);
  expect([outcome.ok, told]).toEqual([false, 2]);
});
