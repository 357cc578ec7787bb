/** Ratios and shares as people read them: "1.8×", "−62 %". */

import { formatRate } from '#engine/contract/format.ts';
import { formatPercent, minus } from '#engine/profile/format-share.ts';

export { formatPercent, formatSpread } from '#engine/profile/format-share.ts';

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
