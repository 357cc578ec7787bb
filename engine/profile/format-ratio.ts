/** Ratios and shares as people read them: "1.8×", "−62 %". */
import { formatRate } from '../contract/format.ts';
import type { Latency } from '../contract/report.ts';
import { medianSpread } from './statistics.ts';

const thinSpace = '\u2009';
const minus = '\u2212';

/** "0.6 %" and "62 %" of a whole that is 1. */
export function formatPercent(share: number): string {
  const percent = Math.abs(share) * 100;
  const sign = share < 0 ? minus : '';
  return `${sign}${percent.toFixed(percent < 9.95 ? 1 : 0)}${thinSpace}%`;
}

/** "±1.9 %", how far from the median it may truly lie; nothing for a single pass. */
export function formatSpread(latency: Pick<Latency, 'median' | 'interval'>): string {
  const spread = medianSpread(latency);
  return spread === null ? '' : `±${formatPercent(spread)}`;
}

/** "1.8×", and "12×" from ten on. */
export function formatTimes(ratio: number): string {
  if (ratio >= 99.5) return `${formatRate(Math.round(ratio))}×`;
  return `${ratio.toFixed(ratio < 9.95 ? 1 : 0)}×`;
}

/** "−62 %" or "+12 %", from one value to another. */
export function formatChange(from: number, to: number): string {
  const share = (to - from) / from;
  return `${share > 0 ? '+' : ''}${formatPercent(share)}`;
}

/** "+12 ms" or "−3 ms": a difference in whatever unit. */
export function formatDifference(value: number, format: (size: number) => string): string {
  const sign = value > 0 ? '+' : value < 0 ? minus : '';
  return `${sign}${format(Math.abs(value))}`;
}
