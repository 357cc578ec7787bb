/** What is said of a point of the roofline, in one line. Pure. */
import { formatBytes, formatOperations, formatRate } from '#engine/contract/format.ts';
import type { OperatorPoint, RoofPoint } from '#engine/profile/roofline.ts';
import { formatPercent } from '#engine/profile/format-ratio.ts';

export function pointWords(point: RoofPoint): string {
  const { title, intensity, flopsPerSecond, roofFlopsPerSecond, bytesPerSecond } = point;
  return [
    title,
    `${formatRate(intensity)} FLOP/B`,
    `${formatOperations(flopsPerSecond)}/s of ${formatOperations(roofFlopsPerSecond)}/s`,
    `${formatBytes(bytesPerSecond)}/s`,
  ].join(' · ');
}

/** Shares are of the row that it is an operator of. */
export const operatorPointWords = (point: OperatorPoint): string =>
  `${pointWords(point)} · ${formatPercent(point.share)} of the time`;
