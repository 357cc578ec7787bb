/** Test support: a checkpoint with every tensor that graphs name, norms and biases drawn like the rest. */
import { join } from 'node:path';
import type { StageModel } from '#engine/onnx/model.ts';
import { rowRun, type RowCut, type WeightInit } from '#engine/onnx/weight.ts';
import { normalNumbers } from '#nodes/normal-numbers.testing.ts';
import { neededTensors } from './match-keys.ts';
import { writeSafetensors, type KnownTensor } from './write-safetensors.testing.ts';

/**
 * By the nodes' own names; in the file they have those of the first layout of each node. `adjust` may
 * change the numbers of a tensor before they are written.
 */
export async function writeKnownWeights(
  folder: string,
  models: readonly StageModel[],
  seed: number,
  adjust: (name: string, data: Float32Array) => void = () => undefined,
): Promise<ReadonlyMap<string, KnownTensor>> {
  const known = new Map<string, KnownTensor>();
  const stored = new Map<string, KnownTensor>();
  for (const model of models) {
    for (const [index, { layouts }] of model.origins.entries()) {
      for (const { name, shape, init } of neededTensors([model], (_, origin) => origin === index)) {
        if (known.has(name)) continue;
        const data = draw(shape, init, seed + known.size);
        adjust(name, data);
        known.set(name, { shape, data });
        const [layout] = layouts;
        const key = layout?.key(name) ?? name;
        stored.set(key, whole(stored.get(key), layout?.cut?.(name) ?? null, { shape, data }));
      }
    }
  }
  await writeSafetensors(join(folder, 'model.safetensors'), stored);
  return known;
}

/** What a file holds of a tensor that is some of its rows, with those that were there before. */
function whole(
  before: KnownTensor | undefined,
  cut: RowCut | null,
  part: KnownTensor,
): KnownTensor {
  if (!cut) return part;
  const { start, of, blocks = 1, turned = false } = rowRun(cut, part.shape[0] ?? 1);
  const row = part.shape.slice(1).reduce((product, size) => product * size, 1);
  const data = Float32Array.from(before?.data ?? new Float32Array(of * row));
  const rows = part.shape[0] ?? 1;
  for (let own = 0; own < rows; own++) {
    const block = Math.floor((own * blocks) / rows);
    const at = block * (of / blocks) + start + (own % (rows / blocks));
    for (let column = 0; column < row; column++)
      data[turned ? column * of + at : at * row + column] = part.data[own * row + column]!;
  }
  const shape = [of, ...part.shape.slice(1)];
  return { shape: turned ? shape.toReversed() : shape, data };
}

function draw(shape: readonly number[], init: WeightInit, seed: number): Float32Array {
  const columns = shape.slice(1).reduce((product, size) => product * size, 1);
  const count = columns * (shape[0] ?? 1);
  switch (init) {
    case 'matrix':
      return normalNumbers(count, seed, columns ** -0.5);
    case 'embedding':
      return normalNumbers(count, seed);
    case 'norm':
      return normalNumbers(count, seed, 0.2).map((number) => 1 + number);
    case 'bias':
      return normalNumbers(count, seed, 0.2);
  }
}
