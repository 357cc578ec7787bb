/**
 * The tokens of a vocabulary by descending probability, sorted only where someone looks. Sorting all of
 * 256 000 takes a hundred milliseconds, which every token of a sampled answer would wait for.
 */

/** Steps to a doubling: 2^10. */
const stepBits = 10;
const steps = 2 ** stepBits;
const stepLength = Math.LN2 / steps;
const stepsPerUnit = 1 / stepLength;
/** Steps to a slice: 2^4. Even a flat distribution over 256 000 tokens has only some hundred in each. */
const sliceBits = 4;
/** What is 2^63 times less probable than the best token counts as nothing: a draw tells parts of 2^-32. */
const doublings = 63;
const farthest = doublings * Math.LN2;
const sliceCount = ((doublings * steps) >> sliceBits) + 1;

/** 2^-k and 2^(-j / 1024) */
const halves = Float64Array.from({ length: doublings + 1 }, (_, k) => 2 ** -k);
const fractions = Float64Array.from({ length: steps }, (_, j) => 2 ** (-j / steps));

export interface ProbabilityOrder {
  readonly logits: Float32Array;
  /** The largest logit. */
  readonly most: number;
  readonly inverseTemperature: number;
  /** Tokens and weight in each slice of similar probabilities, the most probable first. */
  readonly counts: Float64Array;
  readonly sums: Float64Array;
  /** The last slice that holds any. */
  readonly last: number;
  /** Weight of all tokens; that of the best is 1. */
  readonly total: number;
}

/** Weights are exp((logit − most) / temperature) of logits [V], of which `most` is the largest. */
export function orderByProbability(
  logits: Float32Array,
  most: number,
  temperature: number,
): ProbabilityOrder {
  const inverseTemperature = 1 / temperature;
  const counts = new Float64Array(sliceCount);
  const sums = new Float64Array(sliceCount);
  let last = 0;
  for (let id = 0; id < logits.length; id++) {
    const distance = (most - logits[id]!) * inverseTemperature;
    if (!(distance < farthest)) continue;
    const step = (distance * stepsPerUnit) | 0;
    const slice = step >> sliceBits;
    sums[slice]! += weightAt(distance, step);
    counts[slice]! += 1;
    if (slice > last) last = slice;
  }
  let total = 0;
  for (let slice = 0; slice <= last; slice++) total += sums[slice]!;
  return { logits, most, inverseTemperature, counts, sums, last, total };
}

/**
 * The token at which, in descending order and equal ones by id, so many tokens or so much weight are
 * reached, and the weight of all tokens up to it.
 */
export function reach(
  order: ProbabilityOrder,
  measure: 'count' | 'weight',
  wanted: number,
): { readonly id: number; readonly weight: number } {
  const { logits, most, inverseTemperature, counts, sums, last } = order;
  const amounts = measure === 'count' ? counts : sums;
  let rest = wanted;
  let weight = 0;
  let slice = 0;
  for (; slice < last && amounts[slice]! < rest; slice++) {
    rest -= amounts[slice]!;
    weight += sums[slice]!;
  }
  let id = 0;
  for (id of sortedSlice(order, slice)) {
    const distance = (most - logits[id]!) * inverseTemperature;
    const own = weightAt(distance, (distance * stepsPerUnit) | 0);
    rest -= measure === 'count' ? 1 : own;
    weight += own;
    if (rest <= 0) break;
  }
  // Where rounding leaves a little over, the slice's last token is the one.
  return { id, weight };
}

/** The weight of all tokens whose own is at least `least`, which is over 0 and at most 1, that of the best. */
export function weightDownTo(order: ProbabilityOrder, least: number): number {
  const { logits, most, inverseTemperature, sums, last } = order;
  const farthestKept = -Math.log(least);
  const lastSlice = ((farthestKept * stepsPerUnit) | 0) >> sliceBits;
  if (!(farthestKept < farthest) || lastSlice > last) return order.total;
  let weight = 0;
  for (let slice = 0; slice < lastSlice; slice++) weight += sums[slice]!;
  for (const id of sortedSlice(order, lastSlice)) {
    const distance = (most - logits[id]!) * inverseTemperature;
    if (distance > farthestKept) break;
    weight += weightAt(distance, (distance * stepsPerUnit) | 0);
  }
  return weight;
}

function sortedSlice(
  { logits, most, inverseTemperature }: ProbabilityOrder,
  slice: number,
): readonly number[] {
  // A first sieve, a little wider than the slice, spares most tokens the exact question.
  const width = (stepLength * 2 ** sliceBits) / inverseTemperature;
  const lowest = most - (slice + 1.1) * width;
  const highest = most - (slice - 0.1) * width;
  const ids: number[] = [];
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id]!;
    if (logit < lowest || logit > highest) continue;
    const distance = (most - logit) * inverseTemperature;
    if (distance < farthest && (distance * stepsPerUnit) >> sliceBits === slice) ids.push(id);
  }
  return ids.toSorted((a, b) => logits[b]! - logits[a]!);
}

/**
 * exp(−distance) to 13 digits, for distances from 0 to `farthest` and their whole steps. `Math.exp` takes
 * five times as long: here one table gives 2^-k, another 2^(-j / 1024), and the rest is so near to 1 that
 * four terms of its series are enough.
 */
function weightAt(distance: number, step: number): number {
  const rest = distance - step * stepLength;
  const series = 1 - rest * (1 - rest * (1 / 2 - rest * (1 / 6)));
  return halves[step >> stepBits]! * fractions[step & (steps - 1)]! * series;
}
