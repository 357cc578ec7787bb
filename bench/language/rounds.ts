/** What rounds come to in which two sides took turns. */
import { median } from '#engine/profile/statistics.ts';

/** The median of each round's own ratio, so that a machine that slows down slows both sides. */
export const medianRatio = (values: readonly number[], base: readonly number[]): number =>
  median(values.map((value, round) => value / (base[round] ?? NaN)));
