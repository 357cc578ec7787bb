/**
 * The memory of RWKV-4 (arxiv.org/abs/2305.13048): each channel holds an average of the values of all tokens so far,
 * weighted by the exponentials of their keys, which fade with every token that follows.
 */
import type { GraphBuilder } from '../graph-builder.ts';
import { add, divide, greater, multiply, subtract } from '../operators.ts';
import { scan } from '../scan.ts';
import { concatenate, repeatAs, reshape, split, transpose, unsqueeze } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';

export interface FadingAverageInput {
  /** Logarithms of weights. [B, T, A] */
  readonly key: Value;
  /** [B, T, A] */
  readonly value: Value;
}

export interface FadingAverageWeights {
  /** What a token adds to the logarithms of all weights before it, below 0. [A] */
  readonly logDecay: Value;
  /** What the logarithm of a token's own weight has more, as long as it is the last. [A] */
  readonly bonus: Value;
}

/** Sums as multiples of exp(peak), so that nothing overflows whatever the keys are. */
export interface FadingAverageState {
  /** Weighted values, and weights. [B, 2, A] */
  readonly sums: Value;
  /** The largest logarithm of a weight so far. [B, 1, A] */
  readonly peak: Value;
}

/** Instead of −∞, which would give NaN where it is taken from itself. */
const lowest = -1e30;

/**
 * output [B, T, A] and the state behind the last token; zeros are the state before the first.
 *
 * Two scans of an operator or two a token each hold what hangs on the token before: the peaks, then the sums in units
 * of them. All exponentials, and what is read, are computed for all tokens at once.
 */
export function fadingAverage(
  g: GraphBuilder,
  { key, value }: FadingAverageInput,
  { logDecay, bonus }: FadingAverageWeights,
  past: FadingAverageState,
): { readonly output: Value; readonly state: FadingAverageState } {
  const keys = unsqueeze(g, transpose(g, key, 1, 0, 2), 2); // [T, B, 1, A]
  const values = unsqueeze(g, transpose(g, value, 1, 0, 2), 2); // [T, B, 1, A]
  // Of a token that weighs 1: its value, and 1.
  const terms = concatenate(g, [values, onesLike(g, values)], 2, 2); // [T, B, 2, A]

  const peaks = scan(
    g,
    { states: [startingPeak(g, past)], slices: [keys] },
    ([before], [entry]) => ({
      states: [larger(g, add(g, before as Value, logDecay), entry as Value)],
      outputs: [before as Value],
    }),
  );
  const [peak] = peaks.outputs as readonly [Value]; // before each token, [T, B, 1, A]
  const faded = add(g, peak, logDecay);
  const next = larger(g, faded, keys);
  const kept = exponential(g, subtract(g, faded, next));
  const gains = multiply(g, terms, exponential(g, subtract(g, keys, next))); // [T, B, 2, A]
  const summed = scan(
    g,
    { states: [past.sums], slices: [kept, gains] },
    ([before], [keep, gain]) => ({
      states: [add(g, multiply(g, before as Value, keep as Value), gain as Value)],
      outputs: [before as Value],
    }),
  );
  const [sums] = summed.outputs as readonly [Value]; // before each token, [T, B, 2, A]
  g.work(4 * fixedDim(key, 2), key.shape.slice(0, 2));

  const own = add(g, keys, bonus);
  const top = larger(g, peak, own);
  const read = add(
    g,
    multiply(g, sums, exponential(g, subtract(g, peak, top))),
    multiply(g, terms, exponential(g, subtract(g, own, top))),
  );
  const [weighted, weight] = split(g, read, 2, [1, 1]) as readonly [Value, Value];
  const average = reshape(g, divide(g, weighted, weight), transposed(key)); // [T, B, A]
  return {
    output: transpose(g, average, 1, 0, 2),
    state: { sums: summed.states[0] as Value, peak: peaks.states[0] as Value },
  };
}

/** Before the first token the sums are zeros and nothing weighs; later the weights are never below 1. */
function startingPeak(g: GraphBuilder, { sums, peak }: FadingAverageState): Value {
  const [, weight] = split(g, sums, 1, [1, 1]) as readonly [Value, Value];
  const begun = greater(g, weight, g.scalar('float32', 0));
  return g.op('Where', [begun, peak, g.scalar('float32', lowest)], peak);
}

function onesLike(g: GraphBuilder, x: Value): Value {
  const one = g.constant('float32', [1, 1, 1, 1], [1]);
  return [0, 1, 3].reduce((ones, axis) => repeatAs(g, ones, axis, x, axis), one);
}

const transposed = ({ shape: [count, length, channels] }: Value): readonly Dim[] =>
  [length, count, channels] as readonly Dim[];

const exponential = (g: GraphBuilder, x: Value): Value => g.op('Exp', [x], x);

const larger = (g: GraphBuilder, x: Value, y: Value): Value => g.op('Max', [x, y], x);
