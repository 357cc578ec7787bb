/** What several measurements of the same thing come to. */
import type { Interval, Latency } from '../contract/report.ts';

/** Linear interpolation between neighbours; 0 for no numbers. */
export function quantile(numbers: readonly number[], part: number): number {
  if (numbers.length === 0) return 0;
  const sorted = numbers.toSorted((a, b) => a - b);
  const place = part * (sorted.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}

export const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);

/** The median of the distances from the median, which single outliers do not move. */
export function medianDeviation(numbers: readonly number[]): number {
  const middle = median(numbers);
  return median(numbers.map((number) => Math.abs(number - middle)));
}

const wanted = 0.95;

/**
 * Between which two of the measurements the true median lies, the narrowest two that are as sure as 95%, however the
 * measurements are distributed: each lies above it as likely as below, so how many do is binomial. Five or fewer cannot
 * be as sure; the interval is then from the lowest to the highest. Null for fewer than two. Exact up to 1,000 numbers.
 */
export function medianInterval(numbers: readonly number[]): Interval | null {
  const count = numbers.length;
  if (count < 2) return null;
  const sorted = numbers.toSorted((a, b) => a - b);
  let left = 0;
  let chance = 0.5 ** count;
  let below = chance;
  let certainty = 1 - 2 * below;
  while (2 * (left + 1) < count - 1) {
    chance *= (count - left) / (left + 1);
    if (1 - 2 * (below + chance) < wanted) break;
    below += chance;
    left += 1;
    certainty = 1 - 2 * below;
  }
  return { from: sorted[left] as number, to: sorted[count - 1 - left] as number, certainty };
}

/** How far from the measured median the true one may lie, as a share of it; null for a single measurement. */
export function medianSpread({
  median: middle,
  interval,
}: Pick<Latency, 'median' | 'interval'>): number | null {
  return interval === null || middle <= 0 ? null : (interval.to - interval.from) / 2 / middle;
}
