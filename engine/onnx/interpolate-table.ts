/** Brings a table of learned positions to another grid, as torch.nn.functional.interpolate does (align_corners=False). */
import type { Interpolation } from './weight.ts';

/** Which entries of an axis one new entry is put together from. */
interface Taps {
  readonly places: readonly number[];
  readonly weights: readonly number[];
}

/** Keys' cubic: torch takes −0.75, and −0.5 where it antialiases. */
function cubic(distance: number, sharpness: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((sharpness + 2) * x - (sharpness + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * sharpness;
  return 0;
}

const triangle = (distance: number): number => Math.max(0, 1 - Math.abs(distance));

const kernels = {
  bicubic: { reach: 2, plain: (x: number) => cubic(x, -0.75), wide: (x: number) => cubic(x, -0.5) },
  bilinear: { reach: 1, plain: triangle, wide: triangle },
} as const;

/** table [prefix + rows · columns, channels] → [prefix + newRows · newColumns, channels] */
export function interpolateTable(
  table: Float32Array,
  channels: number,
  { prefixTokens, from, to, kernel, antialias }: Interpolation,
): Float32Array {
  const prefix = prefixTokens * channels;
  const result = new Float32Array(prefix + to.rows * to.columns * channels);
  result.set(table.subarray(0, prefix));
  const taps = antialias ? wideTaps : plainTaps;
  const down = taps(from.rows, to.rows, kernel);
  const across = taps(from.columns, to.columns, kernel);
  for (const [row, above] of down.entries()) {
    for (const [column, beside] of across.entries()) {
      const start = prefix + (row * to.columns + column) * channels;
      const target = result.subarray(start, start + channels);
      for (const [i, y] of above.places.entries()) {
        for (const [j, x] of beside.places.entries()) {
          const weight = above.weights[i]! * beside.weights[j]!;
          const source = prefix + (y * from.columns + x) * channels;
          for (let channel = 0; channel < channels; channel++) {
            target[channel]! += weight * table[source + channel]!;
          }
        }
      }
    }
  }
  return result;
}

/** The kernel at its own width; what lies beyond the border is the border. */
function plainTaps(from: number, to: number, kernel: Interpolation['kernel']): readonly Taps[] {
  const { reach, plain } = kernels[kernel];
  return Array.from({ length: to }, (_, index) => {
    const exact = ((index + 0.5) * from) / to - 0.5;
    const centre = kernel === 'bilinear' ? Math.max(exact, 0) : exact;
    const first = Math.floor(centre) - reach + 1;
    const places = Array.from({ length: 2 * reach }, (_none, tap) => first + tap);
    return {
      places: places.map((place) => Math.min(Math.max(place, 0), from - 1)),
      weights: places.map((place) => plain(place - centre)),
    };
  });
}

/** The kernel as wide as what one new entry covers; what lies beyond the border is left out. */
function wideTaps(from: number, to: number, kernel: Interpolation['kernel']): readonly Taps[] {
  const { reach, wide } = kernels[kernel];
  const scale = from / to;
  const width = Math.max(scale, 1);
  return Array.from({ length: to }, (_, index) => {
    const centre = (index + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - reach * width + 0.5), 0);
    const end = Math.min(Math.trunc(centre + reach * width + 0.5), from);
    const places = Array.from({ length: end - first }, (_none, tap) => first + tap);
    const raw = places.map((place) => wide((place - centre + 0.5) / width));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { places, weights: raw.map((weight) => weight / total) };
  });
}
