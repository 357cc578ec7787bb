/** Fills the tables that follow from numbers alone. */
import { fillAxialTable } from './axial-rotary.ts';
import { fillRandomDirections } from './random-directions.ts';
import { fillRotaryTable } from './rotary.ts';
import type { ComputedTable, IdentityKernels, ShiftedWindows, SineCosineTable } from './weight.ts';

export function fillComputedTable(table: ComputedTable): Float32Array {
  switch (table.table) {
    case 'rotary-cosine':
    case 'rotary-sine':
      return fillRotaryTable(table, table.table);
    case 'axial-cosine':
    case 'axial-sine':
      return fillAxialTable(table, table.table);
    case 'adaptive-average':
      return fillAdaptiveAverage(table.from, table.to);
    case 'sine-cosine':
      return fillSineCosine(table);
    case 'shifted-window-mask':
      return fillShiftedWindowMask(table);
    case 'identity-kernels':
      return fillIdentityKernels(table);
    case 'random-directions':
      return fillRandomDirections(table);
  }
}

/** Run i goes from floor(i · from / to) up to ceil((i + 1) · from / to), as torch's AdaptiveAvgPool2d cuts it. */
function fillAdaptiveAverage(from: number, to: number): Float32Array {
  const averages = new Float32Array(to * from);
  for (let row = 0; row < to; row++) {
    const start = Math.floor((row * from) / to);
    const end = Math.ceil(((row + 1) * from) / to);
    averages.fill(1 / (end - start), row * from + start, row * from + end);
  }
  return averages;
}

/** Wavelengths go from 2π up to 10,000 · 2π. Source: MAE (2111.06377), as Qwen-VL and MiniCPM-V resample with it. */
function fillSineCosine({ rows, columns, channels }: SineCosineTable): Float32Array {
  const count = channels / 4;
  const frequencies = Array.from({ length: count }, (_, index) => 10_000 ** (-index / count));
  const table = new Float32Array(rows * columns * channels);
  for (let place = 0; place < rows * columns; place++) {
    const axes = [place % columns, Math.floor(place / columns)];
    const waves = axes.flatMap((at) => [
      ...frequencies.map((frequency) => Math.sin(at * frequency)),
      ...frequencies.map((frequency) => Math.cos(at * frequency)),
    ]);
    table.set(waves, place * channels);
  }
  return table;
}

/** Swin's own number for "not together"; softmax makes it nothing. */
const apart = -100;

/** A shifted window holds up to four regions that lay apart before the shift. */
function fillShiftedWindowMask({ rows, columns, window, shift }: ShiftedWindows): Float32Array {
  const places = window * window;
  const windowsAcross = columns / window;
  const windows = (rows / window) * windowsAcross;
  const band = (at: number, size: number) => (at < size - window ? 0 : at < size - shift ? 1 : 2);
  const mask = new Float32Array(windows * places * places);
  for (let index = 0; index < windows; index++) {
    const top = window * Math.floor(index / windowsAcross);
    const left = window * (index % windowsAcross);
    const regions = Array.from({ length: places }, (_, place) => {
      const row = top + Math.floor(place / window);
      const column = left + (place % window);
      return 3 * band(row, rows) + band(column, columns);
    });
    for (const [query, region] of regions.entries()) {
      const start = (index * places + query) * places;
      for (const [key, other] of regions.entries()) if (other !== region) mask[start + key] = apart;
    }
  }
  return mask;
}

/** A group's channels come out in the order in which they go in: 1 in the middle of its own kernel. */
function fillIdentityKernels({ channels, groups, size }: IdentityKernels): Float32Array {
  const [height, width] = size;
  const inputs = channels / groups;
  const kernels = new Float32Array(channels * inputs * height * width);
  const middle = ((height - 1) / 2) * width + (width - 1) / 2;
  for (let channel = 0; channel < channels; channel++)
    kernels[(channel * inputs + (channel % inputs)) * height * width + middle] = 1;
  return kernels;
}
