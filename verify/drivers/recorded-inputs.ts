/** Recorded inputs of one entry of a batch, as the tensors of ports. */
import type { InputTarget } from '../cases/rows/case-row.ts';
import type { ComputedTensor } from '../cases/comparison.ts';
import type { RecordedTensor } from '../cases/recorded-case.ts';
import type { Given } from './run-graph.ts';

type Tensors = ReadonlyMap<string, RecordedTensor>;

/** What a recorded input gives at `place` of the batch to the port that a row names. */
export function givenFor(target: InputTarget, name: string, inputs: Tensors, place: number): Given {
  const path = typeof target === 'string' ? target : target.tensor;
  const [, node = '', tensor = ''] = /^([^.]+)\.(.+)$/.exec(path) ?? [];
  return { node, tensor, value: valueFor(target, name, inputs, place) };
}

function valueFor(
  target: InputTarget,
  name: string,
  inputs: Tensors,
  place: number,
): ComputedTensor {
  const recorded = (of: string) => entryOf(inputs.get(of) as RecordedTensor, place);
  const value = recorded(name);
  if (typeof target === 'string') return value;
  if ('views' in target) return viewsOf(value, target.views);
  if ('channels' in target) return channelsLast(value);
  // What fills up a batch is not there at all for one picture by itself.
  const mask = recorded(target.keptBy).data;
  const data = Array.from(value.data).filter((_, index) => mask[index] !== 0);
  return { shape: [1, data.length], data };
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
  const places = rows * columns;
  const moved = Float32Array.from({ length: data.length }, (_, index) => {
    const [at, channel] = [Math.floor(index / channels), index % channels];
    return data[channel * places + at] ?? NaN;
  });
  return { shape: [1, rows, columns, channels], data: moved };
}
