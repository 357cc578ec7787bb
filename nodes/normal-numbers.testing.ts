/** Test support: seeded normal numbers. */
import { seededRandom } from '#engine/seeded-random.ts';

export function normalNumbers(count: number, seed: number, deviation = 1): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    return deviation * radius * Math.cos(2 * Math.PI * random());
  });
}
