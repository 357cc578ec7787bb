/** Weight files hold every initializer at its place, whatever was read in pieces. */
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fail, ok } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { layoutWeights } from '#engine/onnx/weight-layout.ts';
import { noiseTable } from './noise.ts';
import { quantiseBlocks } from './quantise-blocks.ts';
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
  const expected = [
    numbers,
    smallBlocks.codes,
    smallBlocks.scales,
    largeBlocks.codes,
    largeBlocks.scales,
    new Float32Array(7).fill(1),
  ];
  for (const [index, { offset, length }] of [...layout.places.values()].entries()) {
    const { buffer, byteOffset, byteLength } = expected[index] as Float32Array | Uint8Array;
    expect([offset % 4096, length]).toEqual([0, byteLength]);
    const there = bytes.subarray(offset, offset + length);
    expect(there.equals(Buffer.from(buffer, byteOffset, byteLength))).toBe(true);
  }
  // Two pieces for each large matrix, one for each small one.
  expect(progress).toHaveLength(6);
  expect(progress.at(-1)).toBe(layout.totalBytes);
});

test('where the one who is told says stop, the writing ends', async () => {
  let told = 0;
  const { outcome } = await write(() => ++told < 2);
  expect([outcome.ok, told]).toEqual([false, 2]);
});
