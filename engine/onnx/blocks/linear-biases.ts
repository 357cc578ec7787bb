/**
 * Positions by linear biases (ALiBi, arXiv 2108.12409): the farther behind a key lies, the less it counts, each head by
 * a slope of its own. A score may rise by slope · place of the key instead, since a softmax does not hear what all its
 * scores share; so heads are given one more channel: queries the slope, keys their place. Caches and fused operators
 * need not know.
 */
import type { GraphBuilder } from '../graph-builder.ts';
import { cast } from '../operators.ts';
import { concatenate, repeatAs, reshape } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';

/** The published slopes: powers of one number, and those between for heads beyond a power of two. */
export function biasSlopes(headCount: number): readonly number[] {
  const power = 2 ** Math.floor(Math.log2(headCount));
  const powers = (count: number) =>
    Array.from({ length: count }, (_, head) => 2 ** ((-8 * (head + 1)) / count));
  const between = powers(2 * power).filter((_, head) => head % 2 === 0);
  return [...powers(power), ...between.slice(0, headCount - power)];
}

/** Queries [1, T, H · d] → [1, T, H · (d + 1)]; `scale` is what scores will be multiplied by. */
export function withSlopes(g: GraphBuilder, query: Value, headCount: number, scale: number): Value {
  const slopes = biasSlopes(headCount).map((slope) => slope / scale);
  const heads = headsOf(g, query, headCount);
  const all = g.constant('float32', [1, 1, headCount, 1], slopes);
  return withChannel(g, heads, repeatAs(g, all, 1, heads, 1));
}

/** Keys [1, T, H · d] → [1, T, H · (d + 1)]; positions [1, T] int64. */
export function withPlaces(
  g: GraphBuilder,
  key: Value,
  positions: Value,
  headCount: number,
): Value {
  const heads = headsOf(g, key, headCount);
  const places = reshape(g, cast(g, positions, 'float32'), [1, key.shape[1] as Dim, 1, 1]);
  return withChannel(g, heads, repeatAs(g, places, 2, heads, 2));
}

/** [1, T, H · d] → [1, T, H, d] */
const headsOf = (g: GraphBuilder, x: Value, headCount: number): Value =>
  reshape(g, x, [1, x.shape[1] as Dim, headCount, fixedDim(x, -1) / headCount]);

/** Heads [1, T, H, d] and one more channel [1, T, H, 1] for each → [1, T, H · (d + 1)] */
function withChannel(g: GraphBuilder, heads: Value, channel: Value): Value {
  const [one, sequence] = heads.shape as [Dim, Dim];
  const [headCount, size] = [fixedDim(heads, 2), fixedDim(heads, 3) + 1];
  return reshape(g, concatenate(g, [heads, channel], 3, size), [one, sequence, headCount * size]);
}
