/** Recorded inputs, picture by picture, as the tensors of ports. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import type { Grid } from '#engine/node/wire.ts';
import type { GraphRow } from '../cases/rows/case-row.ts';
import type { InputTarget, PackedInput } from '../cases/rows/input-target.ts';
import type { ComputedTensor } from '../cases/comparison.ts';
import type { RecordedCase, RecordedTensor } from '../cases/recorded-case.ts';
import type { Given } from './run-graph.ts';

/** What each picture of a recorded batch is given; one list a picture, in the order of the batch. */
export function givenByPicture(
  { inputs }: GraphRow,
  recorded: RecordedCase,
): readonly (readonly Given[])[] {
  const given = Object.entries(inputs).flatMap(([name, targets]) =>
    [targets].flat().map((target: InputTarget) => givenFor(target, name, recorded)),
  );
  return (given[0] ?? []).map((_, place) => given.flatMap((pictures) => pictures[place] ?? []));
}

export const isPacked = (target: InputTarget): target is PackedInput =>
  typeof target !== 'string' && 'grids' in target;

/** One of each picture, for the port that a row names. */
function givenFor(target: InputTarget, name: string, recorded: RecordedCase): readonly Given[] {
  const path = typeof target === 'string' ? target : target.tensor;
  const [, node = '', tensor = ''] = /^([^.]+)\.(.+)$/.exec(path) ?? [];
  return valuesFor(target, name, recorded).map((value) => ({ node, tensor, value }));
}

function valuesFor(
  target: InputTarget,
  name: string,
  { inputs, config }: RecordedCase,
): readonly ComputedTensor[] {
  const recorded = (of: string) => inputs.get(of) as RecordedTensor;
  if (typeof target !== 'string' && isPacked(target))
    return unpacked(recorded(name), gridsOf(target.grids, recorded(name), inputs, config));
  const pictures = picturesOf(recorded(name));
  if (typeof target === 'string') return pictures;
  if ('views' in target) return pictures.map((value) => viewsOf(value, target.views));
  if ('channels' in target) return pictures.map(channelsLast);
  if ('keptBy' in target) {
    const masks = picturesOf(recorded(target.keptBy));
    return pictures.map((value, place) => keptOf(value, masks[place]?.data ?? []));
  }
  const grids = inputs.has(target.gridBy) ? picturesOf(recorded(target.gridBy)) : null;
  return pictures.map((value, place) => {
    const pair = grids ? grids[place]?.data : config[target.gridBy];
    return gridOf(value, Array.from(pair as readonly number[]));
  });
}

/** What fills up a batch is not there at all for one picture by itself. [1, N, ...] → [1, K, ...] */
function keptOf({ shape, data }: ComputedTensor, mask: ComputedTensor['data']): ComputedTensor {
  const [, count = 1, ...rest] = shape;
  const size = data.length / count;
  const kept = Array.from(data).filter((_, index) => mask[Math.floor(index / size)] !== 0);
  return { shape: [1, kept.length / size, ...rest], data: kept };
}

/** The first tokens, which lie on a grid of so many rows and columns. [1, N, ...] → [1, rows, columns, ...] */
function gridOf(
  { shape, data }: ComputedTensor,
  [rows = 0, columns = 0]: readonly number[],
): ComputedTensor {
  const [, count = 1, ...rest] = shape;
  const size = data.length / count;
  return { shape: [1, rows, columns, ...rest], data: data.slice(0, rows * columns * size) };
}

/** [B, ...] → [1, ...] each */
function picturesOf({ shape, data }: RecordedTensor): readonly ComputedTensor[] {
  const [batch = 1, ...rest] = shape;
  const size = data.length / batch;
  return Array.from({ length: batch }, (_, place) => ({
    shape: [1, ...rest],
    data: data.slice(place * size, (place + 1) * size),
  }));
}

/** [N, D] → [1, rows, columns, D] of each picture */
function unpacked(
  { shape, data }: RecordedTensor,
  grids: readonly Grid[],
): readonly ComputedTensor[] {
  const [, channels = 0] = shape;
  let start = 0;
  return grids.map(({ rows, columns }) => {
    const end = start + rows * columns * channels;
    const picture = { shape: [1, rows, columns, channels], data: data.slice(start, end) };
    start = end;
    return picture;
  });
}

function gridsOf(
  grids: PackedInput['grids'],
  { shape: [count = 0] }: RecordedTensor,
  inputs: RecordedCase['inputs'],
  config: JsonObject,
): readonly Grid[] {
  if ('side' in grids) {
    const side = Number(config[grids.side]);
    return Array.from({ length: count / side ** 2 }, () => ({ rows: side, columns: side }));
  }
  const patch = Number(config[grids.patchSize]);
  const sizes = inputs.get(grids.sizes) as RecordedTensor;
  return picturesOf(sizes).map(({ data: [height = 0, width = 0] }) => ({
    rows: height / patch,
    columns: width / patch,
  }));
}

/** [1, V, N, C] → [views, N, C] */
function viewsOf(
  { shape, data }: ComputedTensor,
  views: 'all' | readonly number[],
): ComputedTensor {
  const [, count = 1, ...rest] = shape;
  const size = data.length / count;
  const wanted = views === 'all' ? Array.from({ length: count }, (_, view) => view) : views;
  const numbers = wanted.flatMap((view) => Array.from(data.slice(view * size, (view + 1) * size)));
  return { shape: [wanted.length, ...rest], data: Float32Array.from(numbers) };
}

/** [1, C, rows, columns] → [1, rows, columns, C] */
function channelsLast({ shape, data }: ComputedTensor): ComputedTensor {
  const [, channels = 1, rows = 1, columns = 1] = shape;
  const places = turnedMatrix(data, channels, rows * columns);
  return { shape: [1, rows, columns, channels], data: places };
}

/** The transpose of a matrix [rows, columns]. */
export function turnedMatrix(
  data: ComputedTensor['data'],
  rows: number,
  columns: number,
): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, index) => data[(index % rows) * columns + Math.floor(index / rows)] as number,
  );
}
