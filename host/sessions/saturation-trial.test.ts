/** Where a processor saturates, graphs are prepared with kernels that do not, and multiply the same. */
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ok } from '#engine/contract/outcome.ts';
import { linear } from '#engine/onnx/blocks/linear.ts';
import { encodeModel } from '#engine/onnx/encode-model.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { layoutWeights } from '#engine/onnx/weight-layout.ts';
import { normalNumbers } from '#nodes/normal-numbers.testing.ts';
import { largestError } from '#nodes/slow-formulas.testing.ts';
import { writeWeights } from '../weights/write-weights.ts';
import { isSaturated, trialInput } from './saturation-trial.ts';
import { float32, openSession, prepareModel } from './sessions.ts';

const [inputs, outputs] = [256, 64];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-saturation-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A layer in w8a8 of which every weight is the largest, so that its products saturate wherever any does. */
async function writeLayer(): Promise<string> {
  const g = new GraphBuilder();
  const source = { kind: 'random', seed: 0 } as const;
  const blocks = { bits: 8, blockSize: 32 } as const;
  const origin = { node: 'test', source, layouts: [] };
  g.weightsFrom({ origin, blocks, roundsTokens: true }, () => {
    const x = g.input('x', 'float32', [2, inputs]);
    g.output('y', linear(g, x, 'layer', { inputs, outputs, bias: false }));
  });
  const model = g.finish();
  const layout = layoutWeights(model);
  const file = await open(join(folder, 'weights.bin'), 'w');
  const rows = (_: unknown, _first: number, count: number) =>
    ok(new Float32Array(count * inputs).fill(0.5));
  const sourceOf = () => ({ kind: 'checkpoint', rows }) as const;
  await writeWeights(model, layout, file, sourceOf, () => Promise.resolve(ok(null)));
  await file.close();
  const path = join(folder, 'model.onnx');
  await writeFile(path, encodeModel(model, layout, 'weights.bin'));
  return path;
}

test('a graph gives the same with kernels that do not saturate, which it takes only where told to', async () => {
  const path = await writeLayer();
  // All of the first token's numbers have the largest code.
  const x = new Float32Array(2 * inputs).fill(3);
  x.set(normalNumbers(inputs, 1), inputs);
  const expected = [0, 1].flatMap((token) => {
    const row = x.subarray(token * inputs, (token + 1) * inputs);
    const sum = row.reduce((total, number) => total + 0.5 * number, 0);
    return Array.from({ length: outputs }, () => sum);
  });
  const unsigned: boolean[] = [];
  for (const saturates of [undefined, Promise.resolve(true), Promise.resolve(false)]) {
    const ready = join(folder, `ready${unsigned.length}.onnx`);
    await prepareModel(path, ready, saturates);
    unsigned.push((await readFile(ready)).includes('s8_2_u8'));
    // Told wrong, a processor that saturates would answer wrong.
    if (saturates && unsigned[0] && !unsigned.at(-1)) continue;
    const session = await openSession(ready, { threads: 1 });
    const { y } = await session.run({ x: float32(x, [2, inputs]) });
    await session.release();
    expect(largestError(y?.data as Float32Array, expected)).toBeLessThan(0.5);
  }
  // Not every processor has other kernels to take; none takes them untold.
  expect(unsigned[2]).toBe(false);
});

test('a product of which a half is lost has saturated, a whole one has not', () => {
  const whole = 16 * 255 * 127;
  const product = new Float32Array(trialInput.data.length).fill(whole);
  expect(isSaturated(product)).toBe(false);
  product[200] = (16 / 2) * 32_767;
  expect(isSaturated(product)).toBe(true);
});
