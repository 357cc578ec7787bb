/** Recorded inputs of one entry of a batch, as the tensors of ports. */
import type { InputTarget } from '../cases/rows/case-row.ts';
import type { ComputedTensor } from '../cases/comparison.ts';
import type { RecordedCase, RecordedTensor } from '../cases/recorded-case.ts';
import type { Given } from './run-graph.ts';

/** What a recorded input gives at `place` of the batch to the port that a row names. */
export function givenFor(
  target: InputTarget,
  name: string,
  recorded: RecordedCase,
  place: number,
): Given {
  const path = typeof target === 'string' ? target : target.tensor;
  const [, node = '', tensor = ''] = /^([^.]+)\.(.+)$/.exec(path) ?? [];
  return { node, tensor, value: valueFor(target, name, recorded, place) };
}

function valueFor(
  target: InputTarget,
  name: string,
  { inputs, config }: RecordedCase,
  place: number,
): ComputedTensor {
  const recorded = (of: string) => entryOf(inputs.get(of) as RecordedTensor, place);
  const value = recorded(name);
  if (typeof target === 'string') return value;
  if ('views' in target) return viewsOf(value, target.views);
  if ('channels' in target) return channelsLast(value);
  if ('keptBy' in target) return keptOf(value, recorded(target.keptBy).data);
  const pair = inputs.has(target.gridBy) ? recorded(target.gridBy).data : config[target.gridBy];
  return gridOf(value, Array.from(pair as readonly number[]));
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

/** [B, ...] → [1, ...] */
function entryOf({ shape, data }: RecordedTensor, place: number): ComputedTensor {
  const [batch = 1, ...rest] = shape;
  const size = data.length / batch;
  return { shape: [1, ...rest], data: data.slice(place * size, (place + 1) * size) };
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
