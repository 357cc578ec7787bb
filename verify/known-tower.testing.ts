/** Test support: an encoder with weights that a test knows, run on pictures of normal numbers. */
import type { Json } from '#engine/contract/document.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import type { WireOf } from '#engine/node/wire.ts';
import { buildSingleNode } from '#engine/plan/single-node.ts';
import { float32 } from '#host/sessions/sessions.ts';
import { writeKnownWeights } from '#host/weights/known-weights.testing.ts';
import { floatsOf, type NodeBench } from './node-bench.testing.ts';
import { valueOf } from './value-of.testing.ts';
import { layerNorm, linear, toRows, type Row, type Rows } from '#nodes/slow-formulas.testing.ts';

type Params = Readonly<Record<string, Json>>;

export interface KnownTower {
  /** The numbers of one tensor, by the node's own name. */
  readonly numbers: (name: string) => Float32Array;
  /** What leaves the encoder for these pixels, [views, 3, height, width]; clips where the wire says so. */
  readonly tokens: (
    pixels: readonly number[],
    params?: Params,
    views?: WireOf<'pixels'>['views'],
  ) => Promise<Rows>;
}

/** `richest` are the parameters that need all weights, given such views. */
export async function openKnownTower(
  bench: NodeBench,
  definition: AnyNodeDefinition,
  params: Params,
  richest: Params,
  [height, width]: readonly [number, number],
  richestViews?: WireOf<'pixels'>['views'],
): Promise<KnownTower> {
  const folder = await bench.newFolder();
  const weights = { kind: 'checkpoint', folder };
  const single = (more: Params, views?: WireOf<'pixels'>['views']) => ({
    definition,
    params: { model: 'custom', weights, ...params, ...more },
    inputs: { pixels: { kind: 'pixels', height, width, ...(views && { views }) } as const },
  });
  const known = await writeKnownWeights(
    folder,
    [valueOf(buildSingleNode(single(richest, richestViews))).model],
    5,
  );
  return {
    numbers(name) {
      const tensor = known.get(name);
      if (!tensor) throw new Error(`The encoder has no tensor "${name}".`);
      return tensor.data;
    },
    async tokens(pixels, more = {}, views) {
      const shape = [pixels.length / (3 * height * width), 3, height, width];
      const run = await bench.runNode(single(more, views), {
        pixels: float32(Float32Array.from(pixels), shape),
      });
      return toRows(floatsOf(run['tokens']), run['tokens']?.dims.at(-1) ?? 0);
    },
  };
}

type Weights = Pick<KnownTower, 'numbers'>;

/** `name.weight` and, where there is one, `name.bias`. */
export function slowLinear({ numbers }: Weights, name: string, rows: Rows, bias = true): Rows {
  const weight = toRows(numbers(`${name}.weight`), rows[0]?.length ?? 1);
  return linear(rows, weight, bias ? numbers(`${name}.bias`) : undefined);
}

export function slowNorm({ numbers }: Weights, name: string, rows: Rows, epsilon: number): Rows {
  return layerNorm(rows, numbers(`${name}.weight`), numbers(`${name}.bias`), epsilon);
}

export const slowRmsNorm = ({ numbers }: KnownTower, name: string, rows: Rows, epsilon: number) =>
  rows.map((row): Row => {
    const square = row.reduce((sum, number) => sum + number ** 2, 0) / row.length;
    const weight = numbers(`${name}.weight`);
    return row.map((number, at) => (number / Math.sqrt(square + epsilon)) * (weight[at] ?? NaN));
  });

/** a + factor · b, channel by channel. */
export const slowSum = (a: Rows, b: Rows, factor?: ArrayLike<number>): Rows =>
  a.map((row, place) =>
    row.map((number, at) => number + (factor?.[at] ?? 1) * (b[place]?.[at] ?? NaN)),
  );

/** Patches row by row, each [3 · size · size] in the order of a convolution's weight. */
export function slowPatches(
  pixels: readonly number[],
  [height, width]: readonly [number, number],
  size: number,
): Rows {
  const [rows, columns] = [Math.floor(height / size), Math.floor(width / size)];
  return Array.from({ length: rows * columns }, (_, place) => {
    const [top, left] = [size * Math.floor(place / columns), size * (place % columns)];
    return Array.from({ length: 3 * size ** 2 }, (_none, index) => {
      const [channel, inside] = [Math.floor(index / size ** 2), index % size ** 2];
      const [y, x] = [top + Math.floor(inside / size), left + (inside % size)];
      return pixels[(channel * height + y) * width + x] ?? NaN;
    });
  });
}
