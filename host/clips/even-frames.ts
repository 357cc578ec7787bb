/** Which frames of a clip are taken. */

/**
 * As `np.linspace(0, total - 1, count, dtype=int)`, by which Video-LLaVA chooses: evenly, the first and the last among
 * them, so that a clip of fewer frames than are asked for gives some of them several times.
 */
export function evenFrames(total: number, count: number): readonly number[] {
  if (count === 1) return [0];
  const step = (total - 1) / (count - 1);
  return Array.from({ length: count }, (_, place) =>
    // The product of the last one may lie a rounding below.
    place === count - 1 ? total - 1 : Math.floor(place * step),
  );
}
