/** Where the roofs and points of a roofline lie in a chart whose axes count in powers of ten. Pure. */
import type { MachineRates } from '#engine/contract/calibration.ts';
import type { Precision } from '#engine/estimate/operator-flops.ts';
import { roofAt, type RoofPoint } from '#engine/profile/roofline.ts';

/** Shares of the chart's width and height, from its left and upper end. */
export interface ChartPlace {
  readonly x: number;
  readonly y: number;
}

export interface Tick {
  /** A share of the axis, as above. */
  readonly at: number;
  readonly title: string;
}

export interface Roof {
  readonly precision: Precision;
  /** Up the slope of memory, and along the ceiling of arithmetic. */
  readonly line: readonly ChartPlace[];
  /** How high its name stands: at its ceiling, or below the name before where that is too near. */
  readonly nameAt: number;
}

export interface ChartScale {
  readonly placeOf: (point: Pick<RoofPoint, 'intensity' | 'flopsPerSecond'>) => ChartPlace;
  readonly ticks: { readonly x: readonly Tick[]; readonly y: readonly Tick[] };
  readonly roofs: readonly Roof[];
}

/** Whole decades, in exponents of ten. */
interface Decades {
  readonly from: number;
  readonly to: number;
}

/** What multiplies and adds nothing has no place on a scale of powers. */
export const hasPlace = ({ intensity, flopsPerSecond }: RoofPoint): boolean =>
  intensity > 0 && flopsPerSecond > 0;

/** Roofs of the precisions that the points are of; `points` all have a place. */
export function chartScale(points: readonly RoofPoint[], rates: MachineRates): ChartScale {
  const precisions = (['float32', 'int8', 'int4', 'w8a8'] as const).filter((each) =>
    points.some(({ precision }) => precision === each),
  );
  const ceilings = precisions.map((precision) => rates.matrixFlopsPerSecond[precision]);
  const ridges = ceilings.map((ceiling) => ceiling / rates.memoryBytesPerSecond);
  const x = decadesOf([...points.map(({ intensity }) => intensity), ...ridges]);
  const y = decadesOf([...points.map(({ flopsPerSecond }) => flopsPerSecond), ...ceilings]);
  const place = (intensity: number, flopsPerSecond: number): ChartPlace => ({
    x: shareAt(x, intensity),
    y: 1 - shareAt(y, flopsPerSecond),
  });
  const lines = precisions.map((precision, index) => {
    const ridge = ridges[index] as number;
    // The slope comes in from below or from the left.
    const start = Math.max(10 ** x.from, 10 ** y.from / rates.memoryBytesPerSecond);
    const turns = [start, ridge, 10 ** x.to];
    return {
      precision,
      line: turns.map((intensity) => place(intensity, roofAt(intensity, precision, rates))),
    };
  });
  return {
    roofs: withNames(lines),
    placeOf: ({ intensity, flopsPerSecond }) => place(intensity, flopsPerSecond),
    ticks: {
      x: ticksOf(x, plainPower),
      y: ticksOf(y, rateOfPower).map((tick) => ({ ...tick, at: 1 - tick.at })),
    },
  };
}

/** Of the chart's height; names nearer to each other would run into each other. */
const nameApart = 0.075;

function withNames(lines: readonly Omit<Roof, 'nameAt'>[]): readonly Roof[] {
  let before = -Infinity;
  return lines
    .map((roof) => ({ ...roof, ceiling: roof.line.at(-1)?.y ?? 0 }))
    .toSorted((a, b) => a.ceiling - b.ceiling)
    .map(({ ceiling, ...roof }) => {
      before = Math.max(ceiling, before + nameApart);
      return { ...roof, nameAt: before };
    });
}

function decadesOf(values: readonly number[]): Decades {
  const exponents = values.map((value) => Math.log10(value));
  const from = Math.floor(Math.min(...exponents));
  const to = Math.ceil(Math.max(...exponents));
  return { from, to: to > from ? to : from + 1 };
}

const shareAt = ({ from, to }: Decades, value: number): number =>
  (Math.log10(value) - from) / (to - from);

/** More would run into each other. */
const mostTicks = 7;

function ticksOf({ from, to }: Decades, titleOf: (exponent: number) => string): readonly Tick[] {
  const step = Math.ceil((to - from) / mostTicks);
  const count = Math.floor((to - from) / step) + 1;
  return Array.from({ length: count }, (_, index) => {
    const exponent = from + index * step;
    return { at: (exponent - from) / (to - from), title: titleOf(exponent) };
  });
}

/** "0.01", "1", "1000" */
const plainPower = (exponent: number): string =>
  exponent < 0 ? (10 ** exponent).toFixed(-exponent) : String(10 ** exponent);

const prefixes = ['', 'k', 'M', 'G', 'T', 'P'] as const;

/** "10 GFLOP/s" */
function rateOfPower(exponent: number): string {
  const prefix = Math.min(Math.max(Math.floor(exponent / 3), 0), prefixes.length - 1);
  return `${plainPower(exponent - 3 * prefix)}\u2009${prefixes[prefix]}FLOP/s`;
}
