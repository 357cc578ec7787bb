/** Resizing that agrees with Pillow in every byte, because published models were trained on Pillow's pixels. */
import type { ResizeFilter } from '#engine/node/host-step.ts';
import type { RgbImage } from './decode-image.ts';

/** A larger picture of one colour that the image lies on; nothing of it is stored. */
export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** Where the image begins; it lies inside as a whole. */
  readonly left: number;
  readonly top: number;
  /** Whole grey levels of red, green and blue. */
  readonly colour: readonly [number, number, number];
}

/** A part of the resized picture. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Resizing {
  /** What the image lies on; itself alone where left out. */
  readonly canvas?: Canvas | undefined;
  /** Bicubic where left out. */
  readonly filter?: ResizeFilter;
}

/** Fraction bits of a weight: 32, less 8 for the byte and 2 for the overshoot of the kernel. */
const weightBits = 32 - 8 - 2;
const half = 1 << (weightBits - 1);

/**
 * Resizes as Pillow's `Image.resize` does on eight-bit images: first along rows, then along columns,
 * with 22-bit fixed-point weights and whole grey levels after each pass; a side that keeps its length is left alone.
 * Gives the part that lies in `window`, as cutting it out afterwards would, with the image on a canvas first where
 * one is given. Time and memory follow the image and the window, not canvas and whole result.
 */
export function resizeWindow(
  image: RgbImage,
  width: number,
  height: number,
  window: Window,
  { canvas = { ...image, left: 0, top: 0, colour: [0, 0, 0] }, filter = 'bicubic' }: Resizing = {},
): RgbImage {
  const kernel = kernels[filter];
  const across = weightsOf(canvas.width, width, window.left, window.width, kernel);
  const acrossTaps = tapsInside(across, canvas.left, image.width, canvas.colour);
  const down = weightsOf(canvas.height, height, window.top, window.height, kernel);
  // Weights sum up to one so nearly that a row of the canvas alone keeps its colour through the first pass.
  const downTaps = tapsInside(down, canvas.top, image.height, canvas.colour);
  const narrowed = resampleRows(image, acrossTaps, runOf(downTaps));
  const data = resampleColumns(narrowed, window.width, downTaps);
  return { width: window.width, height: window.height, data };
}

/** For each place of the output: where its run of input begins, how long it is, and the weights in it. */
interface Weights {
  readonly starts: Int32Array; // [count]
  readonly counts: Int32Array; // [count]
  readonly weights: Int32Array; // [count, stride], 22 fraction bits
  readonly stride: number;
}

/** Only the places `first … first + count - 1` of an output of `outputLength`. */
function weightsOf(
  inputLength: number,
  outputLength: number,
  first: number,
  count: number,
  kernel: Kernel,
): Weights {
  if (inputLength === outputLength) {
    const starts = Int32Array.from({ length: count }, (_, index) => first + index);
    const ones = new Int32Array(count).fill(1);
    return { starts, counts: ones, weights: ones.map(() => 1 << weightBits), stride: 1 };
  }
  const scale = inputLength / outputLength;
  // Shrinking widens the kernel, so that every input pixel counts.
  const widening = Math.max(scale, 1);
  const support = kernel.reach * widening;
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(count);
  const counts = new Int32Array(count);
  const weights = new Int32Array(count * stride);
  const run = new Float64Array(stride);
  for (let index = 0; index < count; index++) {
    const centre = (first + index + 0.5) * scale;
    const start = Math.max(Math.trunc(centre - support + 0.5), 0);
    const tapCount = Math.min(Math.trunc(centre + support + 0.5), inputLength) - start;
    let sum = 0;
    for (let tap = 0; tap < tapCount; tap++) {
      const weight = kernel.at((tap + start - centre + 0.5) * (1 / widening));
      run[tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < tapCount; tap++) {
      weights[index * stride + tap] = toFixedPoint(run[tap]! / sum);
    }
    starts[index] = start;
    counts[index] = tapCount;
  }
  return { starts, counts, weights, stride };
}

interface Kernel {
  /** How far from its centre it is not 0. */
  readonly reach: number;
  readonly at: (x: number) => number;
}

const kernels: Readonly<Record<ResizeFilter, Kernel>> = {
  bilinear: { reach: 1, at: (x) => Math.max(1 - Math.abs(x), 0) },
  bicubic: { reach: 2, at: bicubic },
  lanczos: { reach: 3, at: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

/** Keys' cubic convolution with a = -0.5, https://doi.org/10.1109/TASSP.1981.1163711. */
function bicubic(x: number): number {
  const a = -0.5;
  const distance = Math.abs(x);
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}

/** Rounds half away from zero. */
function toFixedPoint(weight: number): number {
  return Math.trunc(weight * (1 << weightBits) + (weight < 0 ? -0.5 : 0.5));
}

/** Weights cut down to the image itself; what the canvas beside it adds is summed up beforehand. */
interface Taps {
  readonly starts: Int32Array; // [count], in the image
  readonly counts: Int32Array; // [count]
  readonly offsets: Int32Array; // [count], where the weights of a place begin
  readonly weights: Int32Array;
  readonly bases: Int32Array; // [count, 3], rounding and canvas
}

function tapsInside(all: Weights, origin: number, length: number, colour: Canvas['colour']): Taps {
  const count = all.starts.length;
  const starts = new Int32Array(count);
  const counts = new Int32Array(count);
  const offsets = new Int32Array(count);
  const bases = new Int32Array(count * 3);
  for (let index = 0; index < count; index++) {
    const start = all.starts[index]! - origin;
    const tapCount = all.counts[index]!;
    const firstWeight = index * all.stride;
    const skipped = Math.min(Math.max(-start, 0), tapCount);
    const end = Math.max(Math.min(tapCount, length - start), skipped);
    let outside = 0;
    for (let tap = 0; tap < skipped; tap++) outside += all.weights[firstWeight + tap]!;
    for (let tap = end; tap < tapCount; tap++) outside += all.weights[firstWeight + tap]!;
    starts[index] = start + skipped;
    counts[index] = end - skipped;
    offsets[index] = firstWeight + skipped;
    for (let channel = 0; channel < 3; channel++) {
      bases[index * 3 + channel] = half + outside * colour[channel]!;
    }
  }
  return { starts, counts, offsets, weights: all.weights, bases };
}

/** The stretch of the input that the taps touch; the one they share may be all, a part or nothing of it. */
function runOf({ starts, counts }: Taps): { readonly first: number; readonly end: number } {
  let first = Infinity;
  let end = 0;
  for (let index = 0; index < starts.length; index++) {
    const count = counts[index]!;
    if (count === 0) continue;
    first = Math.min(first, starts[index]!);
    end = Math.max(end, starts[index]! + count);
  }
  return first < end ? { first, end } : { first: 0, end: 0 };
}

interface Strip {
  /** Row of the image that is the first here. */
  readonly first: number;
  readonly data: Uint8Array; // [rows, window width, 3]
}

function resampleRows(
  image: RgbImage,
  taps: Taps,
  rows: { readonly first: number; readonly end: number },
): Strip {
  const { starts, counts, offsets, weights, bases } = taps;
  const source = image.data;
  const data = new Uint8Array((rows.end - rows.first) * starts.length * 3);
  let target = 0;
  for (let y = rows.first; y < rows.end; y++) {
    const row = y * image.width * 3;
    for (let x = 0; x < starts.length; x++) {
      let red = bases[x * 3]!;
      let green = bases[x * 3 + 1]!;
      let blue = bases[x * 3 + 2]!;
      let pixel = row + starts[x]! * 3;
      const end = offsets[x]! + counts[x]!;
      for (let tap = offsets[x]!; tap < end; tap++) {
        const weight = weights[tap]!;
        red = (red + Math.imul(source[pixel]!, weight)) | 0;
        green = (green + Math.imul(source[pixel + 1]!, weight)) | 0;
        blue = (blue + Math.imul(source[pixel + 2]!, weight)) | 0;
        pixel += 3;
      }
      data[target] = toByte(red);
      data[target + 1] = toByte(green);
      data[target + 2] = toByte(blue);
      target += 3;
    }
  }
  return { first: rows.first, data };
}

/** Adds up whole rows at a time, which reads memory in order. */
function resampleColumns(strip: Strip, width: number, taps: Taps): Uint8Array {
  const { starts, counts, offsets, weights, bases } = taps;
  const source = strip.data;
  const rowLength = width * 3;
  const target = new Uint8Array(starts.length * rowLength);
  const sums = new Int32Array(rowLength);
  for (let y = 0; y < starts.length; y++) {
    for (let index = 0; index < rowLength; index++) sums[index] = bases[y * 3 + (index % 3)]!;
    for (let tap = 0; tap < counts[y]!; tap++) {
      const weight = weights[offsets[y]! + tap]!;
      const row = (starts[y]! - strip.first + tap) * rowLength;
      for (let index = 0; index < rowLength; index++) {
        sums[index] = sums[index]! + Math.imul(source[row + index]!, weight);
      }
    }
    for (let index = 0; index < rowLength; index++) {
      target[y * rowLength + index] = toByte(sums[index]!);
    }
  }
  return target;
}

function toByte(sum: number): number {
  const level = sum >> weightBits;
  return level < 0 ? 0 : level > 255 ? 255 : level;
}
