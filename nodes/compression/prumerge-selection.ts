/** Which tokens PruMerge keeps: those that the class token looks at unusually, and in PruMerge+ an even spread too. */
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import {
  add,
  cast,
  divide,
  equal,
  greater,
  matmul,
  multiply,
  range,
  softmax,
  subtract,
  sum,
  topK,
} from '#engine/onnx/operators.ts';
import {
  concatenate,
  gather,
  padEnd,
  reshape,
  slice,
  squeeze,
  transpose,
} from '#engine/onnx/shape-operators.ts';
import { fixedDim, type Value } from '#engine/onnx/value.ts';

/** What the class token pays each patch, over the whole width as one head. [1, N + 1, C] twice → [N] */
export function classAttention(g: GraphBuilder, query: Value, key: Value, patches: number): Value {
  const channels = fixedDim(key, 2);
  const classQuery = slice(g, query, 1, g.list(0), g.list(1), 1); // [1, 1, C]
  const logits = matmul(g, classQuery, transpose(g, key, 0, 2, 1)); // [1, 1, N + 1]
  const scaled = multiply(g, logits, g.scalar('float32', channels ** -0.5));
  const weights = softmax(g, scaled, -1);
  return reshape(g, slice(g, weights, 2, g.list(1), g.list(patches + 1), patches), [patches]);
}

export interface Outliers {
  /** Places of tokens, by descending attention. [selected] int64 */
  readonly places: Value;
  /** How many stand out, which rounding may make one more than the places. [] int64 */
  readonly found: Value;
}

/** Tokens above Q3 + 1.5 · IQR. [N] → [selected] */
export function selectOutliers(g: GraphBuilder, attention: Value, patches: number): Outliers {
  const sorted = topK(g, attention, g.list(patches), patches, 'smallest').values;
  const lower = quantile(g, sorted, 0.25);
  const upper = quantile(g, sorted, 0.75);
  const reach = multiply(g, subtract(g, upper, lower), g.scalar('float32', 1.5));
  const outliers = cast(g, greater(g, attention, add(g, upper, reach)), 'int64');
  const found = sum(g, outliers, 0, false);
  const lessened = foundCounts(patches).filter(
    (count) => Math.trunc(patches * (count / patches)) < count,
  );
  const selected = roundAsReference(g, found, found, lessened);
  return { places: topK(g, attention, selected, 'selected').indices, found };
}

/**
 * The outliers, and behind them every `spreadStep`-th token that is none of them, the last one left out.
 * [selected] → [kept] int64. Source: 42Shawn/LLaVA-PruMerge, clip_encoder.py (token_prune_merge_advanced_plus).
 */
export function addSpread(g: GraphBuilder, { places, found }: Outliers, patches: number): Value {
  const whole = (number: number) => g.scalar('int64', number);
  const lessened = foundCounts(patches).filter(
    (count) => Math.trunc(1 / (count / patches)) < Math.floor(patches / count),
  );
  const length = divide(g, whole(patches), atLeastOne(g, found));
  const third = divide(g, roundAsReference(g, length, found, lessened), whole(3));
  const all = range(g, whole(0), whole(patches - 1), patches - 1);
  const rest = g.op('Mod', [all, atLeastOne(g, third)], all);
  const isOnGrid = padEnd(g, cast(g, equal(g, rest, whole(0)), 'int64'), 0, patches); // [N]
  const nothing = multiply(g, places, whole(0)); // [selected]
  const added = g.op('ScatterElements', [isOnGrid, places, nothing], isOnGrid);
  const spread = g.op('NonZero', [added], { type: 'int64', shape: [1, 'spread'] });
  return concatenate(g, [places, squeeze(g, spread, 0)], 0, 'kept');
}

/** From one token of the spread to the next, where so many stand out; where none does, as if one did. */
export function spreadStep(found: number, patches: number): number {
  const length = Math.trunc(1 / (Math.max(found, 1) / patches));
  return Math.max(Math.trunc(length / 3), 1);
}

const atLeastOne = (g: GraphBuilder, x: Value): Value => g.op('Max', [x, g.scalar('int64', 1)], x);

/** Above the third quartile lies at most a quarter; none cannot be rounded. */
const foundCounts = (patches: number): readonly number[] =>
  Array.from({ length: Math.floor(patches / 4) }, (_, index) => index + 1);

/** `exact`, less one for the found counts for which the reference's double rounding falls below it. [] → [] */
function roundAsReference(
  g: GraphBuilder,
  exact: Value,
  found: Value,
  lessened: readonly number[],
): Value {
  if (lessened.length === 0) return exact;
  const isLessened = cast(g, equal(g, g.list(...lessened), found), 'int64'); // [counts]
  return subtract(g, exact, sum(g, isLessened, 0, false));
}

/** A quantile of ascending numbers, interpolated linearly between its two neighbours. [N] → [] */
function quantile(g: GraphBuilder, sorted: Value, part: number): Value {
  const place = part * (fixedDim(sorted, 0) - 1);
  const below = gather(g, sorted, g.scalar('int64', Math.floor(place)), 0);
  const above = gather(g, sorted, g.scalar('int64', Math.ceil(place)), 0);
  const share = g.scalar('float32', place - Math.floor(place));
  return add(g, below, multiply(g, subtract(g, above, below), share));
}
