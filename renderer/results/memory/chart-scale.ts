/** Round values along an axis. Pure. */

/** Multiples of 1, 2 or 5 times a power of ten between two values: no more than `most`, and no fewer than need be. */
export function roundTicks(from: number, to: number, most: number): readonly number[] {
  const range = to - from;
  if (!(range > 0) || most < 1) return [];
  const power = 10 ** Math.floor(Math.log10(range / most));
  const ticksOf = (step: number): readonly number[] => {
    const first = Math.ceil(from / step);
    const count = Math.floor(to / step) - first + 1;
    return Array.from({ length: Math.max(0, count) }, (_, index) => (first + index) * step);
  };
  const tried = [1, 2, 5, 10, 20].map((factor) => ticksOf(factor * power));
  return tried.find((ticks) => ticks.length <= most) ?? [];
}
