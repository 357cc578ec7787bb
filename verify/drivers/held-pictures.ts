/** Pictures of several sizes out of one recorded tensor, as each library's processor lays them. */
import { assertNever } from '#engine/contract/outcome.ts';
import type { PicturesRow } from '../cases/rows/case-row.ts';
import type { RecordedCase, RecordedTensor } from '../cases/recorded-case.ts';

export interface HeldPicture {
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** [frames, 3, height, width] */
  readonly data: Float32Array;
  /** Its grid of patches. */
  readonly rows: number;
  readonly columns: number;
  /** Places of a row where tokens are recorded in a larger grid. */
  readonly across?: number;
}

export function heldPictures(
  { pixels: name, sizes, held }: Pick<PicturesRow, 'pixels' | 'sizes' | 'held'>,
  { inputs, config }: Pick<RecordedCase, 'inputs' | 'config'>,
): readonly HeldPicture[] {
  const pixels = inputs.get(name) as RecordedTensor;
  const told = inputs.get(sizes) as RecordedTensor;
  const patch = Number(config['patch_size']);
  const [count = 0] = told.shape;
  const numbersOf = (index: number): readonly number[] => {
    const each = told.data.length / count;
    return Array.from(told.data.slice(index * each, (index + 1) * each));
  };
  let start = 0;
  return Array.from({ length: count }, (_, index): HeldPicture => {
    const numbers = numbersOf(index);
    switch (held) {
      case 'framed with a mask': {
        const [, down = 0, across = 0] = told.shape;
        const columns = sum(numbers.slice(0, across));
        const rows = sum(Array.from({ length: down }, (_none, row) => numbers[row * across] ?? 0));
        return { ...fromFrame(pixels, index, { rows, columns, patch }), across };
      }
      case 'framed with sizes': {
        const [height = 0, width = 0] = numbers;
        return fromFrame(pixels, index, { rows: height / patch, columns: width / patch, patch });
      }
      case 'filled-up patches': {
        const [rows = 0, columns = 0] = numbers;
        const each = pixels.data.length / count;
        const data = pixels.data.slice(index * each, (index + 1) * each);
        const patchAt = (row: number, column: number) => row * columns + column;
        // [height, width, channel] in a patch
        const inPatch = (_frame: number, channel: number, y: number, x: number) =>
          (y * patch + x) * 3 + channel;
        return fromPatches(data, { rows, columns, patch, frames: 1, patchAt, inPatch });
      }
      case 'grouped patches of two frames': {
        const [times = 0, rows = 0, columns = 0] = numbers;
        if (times !== 1) throw new Error('A recorded picture is one pair of frames.');
        const size = rows * columns * 2 * 3 * patch ** 2;
        const data = pixels.data.slice(start, (start += size));
        const patchAt = (row: number, column: number) => groupedPlace(row, column, columns);
        // [channel, frame, height, width] in a patch
        const inPatch = (frame: number, channel: number, y: number, x: number) =>
          ((channel * 2 + frame) * patch + y) * patch + x;
        return fromPatches(data, { rows, columns, patch, frames: 2, patchAt, inPatch });
      }
      default:
        return assertNever(held);
    }
  });
}

const sum = (numbers: readonly number[]): number =>
  numbers.reduce((total, number) => total + number, 0);

/** Where a patch stands among those in squares of two by two. */
function groupedPlace(row: number, column: number, columns: number): number {
  const square = Math.floor(row / 2) * (columns / 2) + Math.floor(column / 2);
  return 4 * square + 2 * (row % 2) + (column % 2);
}

/** The top left of a larger picture. */
function fromFrame(
  { shape, data }: RecordedTensor,
  index: number,
  grid: { readonly rows: number; readonly columns: number; readonly patch: number },
): HeldPicture {
  const { rows, columns, patch } = grid;
  const [, channels = 0, tall = 0, wide = 0] = shape;
  const [height, width] = [rows * patch, columns * patch];
  const cut = new Float32Array(channels * height * width);
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < height; y++) {
      const from = ((index * channels + channel) * tall + y) * wide;
      cut.set(Array.from(data.slice(from, from + width)), (channel * height + y) * width);
    }
  }
  return { rows, columns, width, height, frames: 1, data: cut };
}

function fromPatches(
  data: RecordedTensor['data'],
  of: {
    readonly rows: number;
    readonly columns: number;
    readonly patch: number;
    readonly frames: number;
    readonly patchAt: (row: number, column: number) => number;
    readonly inPatch: (frame: number, channel: number, y: number, x: number) => number;
  },
): HeldPicture {
  const { rows, columns, patch, frames } = of;
  const [height, width] = [rows * patch, columns * patch];
  const size = frames * 3 * patch ** 2;
  const pixels = new Float32Array(frames * 3 * height * width);
  for (let index = 0; index < pixels.length; index++) {
    const [x, y] = [index % width, Math.floor(index / width) % height];
    const plane = Math.floor(index / (width * height));
    const place = of.patchAt(Math.floor(y / patch), Math.floor(x / patch));
    const inside = of.inPatch(Math.floor(plane / 3), plane % 3, y % patch, x % patch);
    pixels[index] = data[place * size + inside] ?? NaN;
  }
  return { rows, columns, width, height, frames, data: pixels };
}

/** Tokens of patches in the order of recorded ones; others, such as merged or pooled ones, as they are. */
export function inRecordedOrder(
  tokens: Float32Array,
  count: number,
  { rows, columns }: HeldPicture,
  held: PicturesRow['held'],
): Float32Array {
  if (held !== 'grouped patches of two frames' || count !== rows * columns) return tokens;
  const channels = tokens.length / count;
  const ordered = new Float32Array(tokens.length);
  for (let place = 0; place < count; place++) {
    const to = groupedPlace(Math.floor(place / columns), place % columns, columns);
    ordered.set(tokens.subarray(place * channels, (place + 1) * channels), to * channels);
  }
  return ordered;
}
