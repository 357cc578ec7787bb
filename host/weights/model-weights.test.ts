/** Where a graph's weights come from, told before anything is built. */
import { mkdtemp, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ok } from '#engine/contract/outcome.ts';
import type { WeightsChoice } from '#engine/contract/sources.ts';
import { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import type { StageModel } from '#engine/onnx/model.ts';
import type { KeyLayout } from '#engine/onnx/weight.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { FileDigests } from './file-digests.ts';
import { resolveWeights, type WeightFiles } from './model-weights.ts';
import { writeSafetensors } from './write-safetensors.testing.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(os.tmpdir(), 'patchbay-model-weights-'));
  const number = (value: number) => ({ shape: [2, 1], data: Float32Array.of(value, value + 1) });
  await writeSafetensors(join(folder, 'model.safetensors'), new Map([['a', number(1)], ['x.a', number(5)]])); // prettier-ignore
});
afterAll(() => rm(folder, { recursive: true }));

const layout = (title: string, prefix: string): KeyLayout => ({
  title,
  key: (name) => prefix + name,
  owns: (key) => key.startsWith(prefix),
});
const plain = layout('plain', '');
const prefixed = layout('prefixed', 'x.');

/** Nobody has read them yet. */
const files = (): WeightFiles => ({
  baseFolder: folder,
  digests: new FileDigests(join(folder, 'digests')),
  tell: () => Promise.resolve(ok(null)),
});

/** A host node that reads `a`, and a part built into its graph that reads `name`. */
function graph(
  host: WeightsChoice,
  part: WeightsChoice,
  name = 'a',
  layouts = [plain],
): StageModel {
  const g = new GraphBuilder();
  const tensor = (node: string, source: WeightsChoice, of: string) =>
    g.weightsFrom({ origin: { node, source, layouts }, blocks: null }, () =>
      g.weight(g.tensor(of, [2, 1], 'matrix')),
    );
  tensor('host', host, 'a');
  tensor('part', part, name);
  return g.finish();
}

const random = (seed: number): WeightsChoice => ({ kind: 'random', seed });
const here: WeightsChoice = { kind: 'checkpoint', folder: '.' };

test('a tensor is read from the source of the node that named it', async () => {
  const model = graph(here, here, 'a', [prefixed, plain]);
  const weights = valueOf(await resolveWeights(model, files()));
  const source = weights.sourceOf(1);
  const tensor = { kind: 'tensor', name: 'a', shape: [2, 1], init: 'matrix', origin: 1 } as const;
  if (source.kind !== 'checkpoint') throw new Error('It should be read from the file.');
  expect(Array.from(valueOf(source.rows(tensor, 1, 1)))).toEqual([6]);
  expect(weights.sourceOf(1)).toBe(source);
  weights.close();
});

test('a problem names the node that has to be mended, even where its graph is another one', async () => {
  const outcome = await resolveWeights(graph(random(1), here, 'missing'), files());
  expect(outcome).toMatchObject({
    ok: false,
    problems: [{ code: 'tensor-missing', node: 'part', param: 'weights' }],
  });
  const nowhere: WeightsChoice = { kind: 'checkpoint', folder: 'nowhere' };
  const both = await resolveWeights(graph(nowhere, here, 'missing'), files());
  expect(both.ok ? [] : both.problems.map(({ code, node }) => [code, node])).toEqual([
    ['checkpoint-unreadable', 'host'],
    ['tensor-missing', 'part'],
  ]);
});

test('the fingerprint changes with everything that could change the numbers, and with nothing else', async () => {
  const of = async (model: StageModel) => {
    const weights = valueOf(await resolveWeights(model, files()));
    weights.close();
    return weights.fingerprint;
  };
  const fingerprints = [
    await of(graph(random(1), here)),
    await of(graph(random(2), here)),
    await of(graph(random(1), random(1))),
    await of(graph(here, here, 'a', [prefixed])),
    await of(graph(here, here, 'a', [plain])),
  ];
  expect(new Set(fingerprints).size).toBe(fingerprints.length);
  await rename(join(folder, 'model.safetensors'), join(folder, 'renamed.safetensors'));
  expect(await of(graph(random(1), here))).toBe(fingerprints[0]);
  await flipBit(join(folder, 'renamed.safetensors'));
  expect(await of(graph(random(1), here))).not.toBe(fingerprints[0]);
});

test('a file that is written to while it is built from is not what was asked for', async () => {
  const weights = valueOf(await resolveWeights(graph(random(1), here), files()));
  expect(await weights.unchanged()).toEqual(ok(null));
  await flipBit(join(folder, 'renamed.safetensors'));
  expect(await weights.unchanged()).toMatchObject({
    ok: false,
    problems: [{ code: 'checkpoint-unreadable' }],
  });
  weights.close();
});

/** In the last number; the time of the last writing is set back to what it was. */
async function flipBit(path: string): Promise<void> {
  const { atime, mtime } = await stat(path);
  const bytes = await readFile(path);
  const last = bytes.length - 1;
  bytes[last] = (bytes[last] as number) ^ 1;
  await writeFile(path, bytes);
  await utimes(path, atime, mtime);
}
