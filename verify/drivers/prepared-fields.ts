/** What processors return of one picture, read from the views that are made of it here. */
import type { JsonObject } from '#engine/contract/config-files.ts';
import { tileGrid } from '#engine/node/view.ts';
import type { Tensor } from '#host/sessions/sessions.ts';
import type { Batch } from '#host/stages/stage-value.ts';
import type { PreparedField } from '../cases/rows/node-setting.ts';
import type { ComputedTensor } from '../cases/comparison.ts';

/** Of most processors, by the names of what they return. */
export const usualFields: Readonly<Record<string, PreparedField>> = {
  pixel_values: 'pixels',
  image_sizes: 'original sizes',
  num_patches: 'views',
  num_crops: 'tiles',
  rows: 'tile rows',
  cols: 'tile columns',
  pixel_attention_mask: 'pixel mask',
};

export function preparedField(
  field: PreparedField,
  batch: Batch,
  config: JsonObject,
): ComputedTensor {
  return readings[field](batch, config);
}

const whole = (number: number): ComputedTensor => ({ shape: [1], data: [number] });

const readings: Readonly<
  Record<PreparedField, (batch: Batch, config: JsonObject) => ComputedTensor>
> = {
  pixels: pixelsOf,
  'original sizes': sizesOf,
  sizes: (batch) => {
    const [, , height = 0, width = 0] = pixelsOf(batch).shape;
    return { shape: [1, 2], data: [height, width] };
  },
  pictures: ({ views }) => whole(new Set(views.map(({ item }) => item)).size),
  views: ({ views }) => whole(views.length),
  tiles: ({ views }) => whole(views.filter(({ role }) => role === 'tile').length),
  'tile rows': ({ views }) => whole(tileGrid(views)?.rows ?? 0),
  'tile columns': ({ views }) => whole(tileGrid(views)?.columns ?? 0),
  // Views of one picture fill all that they are given.
  'pixel mask'(batch) {
    const [views = 0, , height = 0, width = 0] = pixelsOf(batch).shape;
    const data = Array.from({ length: views * height * width }, () => 1);
    return { shape: [views, height, width], data };
  },
  'patches, channels last'(batch, config) {
    const { rows, columns, values, side } = patchesOf(batch, config);
    const size = 3 * side * side;
    const data = new Float32Array(mostPatches(config) * size);
    let at = 0;
    for (let patch = 0; patch < rows * columns; patch++)
      for (let y = 0; y < side; y++)
        for (let x = 0; x < side; x++)
          for (let channel = 0; channel < 3; channel++)
            data[at++] = values(channel, Math.floor(patch / columns), patch % columns, y, x);
    return { shape: [1, mostPatches(config), size], data };
  },
  'patch mask'(batch, config) {
    const { rows, columns } = patchesOf(batch, config);
    const count = mostPatches(config);
    const data = Array.from({ length: count }, (_, patch) => Number(patch < rows * columns));
    return { shape: [1, count], data };
  },
  'patch grid'(batch, config) {
    const { rows, columns } = patchesOf(batch, config);
    return { shape: [1, 2], data: [rows, columns] };
  },
  'patch grid of one moment'(batch, config) {
    const { rows, columns } = patchesOf(batch, config);
    return { shape: [1, 3], data: [1, rows, columns] };
  },
  'patches by groups, twice'(batch, config) {
    const { rows, columns, values, side } = patchesOf(batch, config);
    const group = Number(config['merge_size']);
    const moments = Number(config['temporal_patch_size']);
    const data: number[] = [];
    for (let top = 0; top < rows; top += group)
      for (let left = 0; left < columns; left += group)
        for (let inside = 0; inside < group * group; inside++) {
          const [row, column] = [top + Math.floor(inside / group), left + (inside % group)];
          for (let channel = 0; channel < 3; channel++)
            for (let moment = 0; moment < moments; moment++)
              for (let place = 0; place < side * side; place++)
                data.push(values(channel, row, column, Math.floor(place / side), place % side));
        }
    const size = 3 * moments * side * side;
    return { shape: [data.length / size, size], data: Float32Array.from(data) };
  },
};

/** [views, 3, height, width] */
export function pixelsOf({ tensors }: Batch): ComputedTensor {
  const { dims, data } = tensors[''] as Tensor;
  return { shape: dims, data: data as Float32Array };
}

/** Height and width of each picture. */
export function sizesOf({ views }: Batch): ComputedTensor {
  const items = new Map(views.map(({ item, original }) => [item, original]));
  return {
    shape: [items.size, 2],
    data: [...items.values()].flatMap(({ height, width }) => [height, width]),
  };
}

const mostPatches = (config: JsonObject): number => Number(config['max_num_patches']);

/** The patches of the first view. */
function patchesOf(batch: Batch, config: JsonObject) {
  const side = Number(config['patch_size']);
  const { shape, data } = pixelsOf(batch);
  const [, , height = 0, width = 0] = shape;
  const values = (channel: number, row: number, column: number, y: number, x: number): number =>
    data[(channel * height + row * side + y) * width + column * side + x] as number;
  return { side, rows: height / side, columns: width / side, values };
}
