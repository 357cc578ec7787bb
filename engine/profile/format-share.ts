/** Shares of a whole as people read them: "62 %". */
import { medianSpread } from './statistics.ts';
import type { Latency } from '../contract/report.ts';

const thinSpace = '\u2009';
export const minus = '\u2212';

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
