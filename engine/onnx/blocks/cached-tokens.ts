/** What causal attention is given of earlier tokens, and the masks that go with them. */
import { int, type GraphBuilder } from '../graph-builder.ts';
import { add, cast, multiply, range, subtract } from '../operators.ts';
import { concatenate, lengthOf, unsqueeze } from '../shape-operators.ts';
import { multiplyDims, type Dim, type Value } from '../value.ts';
import type { CacheFormat } from './cache-format.ts';

/** Keys and values of earlier tokens; in float32 read where they lie, never copied. */
export interface CachedTokens {
  /** [1, kvHeads, capacity, headSize] float32 */
  readonly key: Value;
  readonly value: Value;
  /** What those of the new tokens will be kept as; float32 where left out. */
  readonly format?: CacheFormat;
  /**
   * [capacity] float32: 0 where a token is cached, very negative where there is none yet. Where attention slides
   * [group · T, capacity], very negative too where a token is further back than the window of a new one.
   */
  readonly mask: Value;
  /** How many of them, and of the new ones together: [] int32, and that less one as [1] int32. */
  readonly total: Value;
  readonly lastIndex: Value;
  /** [] bool: attend by the fused operator? */
  readonly fused: Value;
  /** [T, T] float32: very negative where a new token would see a later one, or one before its window. */
  readonly future: Value;
  /** Tokens that a new one sees, itself included; null where that is all. */
  readonly window: number | null;
  /**
   * [attended] float32: added to the scores of each key, whatever looks at it, where some are hidden. `mask` and
   * `future` have it in them.
   */
  readonly keyBias?: Value;
  /** Cached and new tokens together. */
  readonly attended: Dim;
  /** Query-key pairs that causal attention looks at, for the estimate. */
  readonly pairs: Dim;
}

/** Far below every score, and finite, so that a row of nothing else stays a number. */
export const masked = -1e30;

/** [capacity] float32, 0 up to `length` [] int64 and very negative from there on. */
export function cacheMask(g: GraphBuilder, cachedKey: Value, length: Value): Value {
  const capacity = cachedKey.shape[2] as Dim;
  const empty = isEmpty(g, placesIn(g, cachedKey), length, capacity);
  return multiply(g, cast(g, empty, 'float32'), g.scalar('float32', masked));
}

const placesIn = (g: GraphBuilder, cachedKey: Value): Value =>
  range(g, g.scalar('int64', 0), lengthOf(g, cachedKey, 2), cachedKey.shape[2] as Dim);

const isEmpty = (g: GraphBuilder, places: Value, length: Value, capacity: Dim): Value =>
  g.op('GreaterOrEqual', [places, length], { type: 'bool', shape: [capacity] });

/** New tokens by which a mask is made: all of them, or one where the fused operator, which masks by itself, attends. */
const maskedTokens = (g: GraphBuilder, positions: Value, fused: Value): Value =>
  g.op('Where', [fused, g.scalar('int64', 1), lengthOf(g, positions, 1)], {
    type: 'int64',
    shape: [],
  });

interface Window {
  /** Tokens that one sees, itself included. */
  readonly size: number;
  /** Queries that share a key/value head. */
  readonly group: number;
}

/** [group · T, capacity] float32: as `cacheMask`, and very negative where a new token's window does not reach. */
export function windowMask(
  g: GraphBuilder,
  cachedKey: Value,
  length: Value,
  positions: Value,
  fused: Value,
  { size, group }: Window,
): Value {
  const [capacity, sequence] = [cachedKey.shape[2] as Dim, positions.shape[1] as Dim];
  const places = placesIn(g, cachedKey);
  // The token right before the window of the first new one, and of each that follows.
  const before = subtract(g, length, g.scalar('int64', size));
  const tokens = maskedTokens(g, positions, fused);
  const last = unsqueeze(g, range(g, before, add(g, before, tokens), sequence), 1); // [T, 1]
  const byToken = { type: 'bool', shape: [sequence, capacity] } as const;
  const beyond = g.op('LessOrEqual', [places, last], byToken);
  const hidden = g.op('Or', [beyond, isEmpty(g, places, length, capacity)], byToken);
  const mask = multiply(g, cast(g, hidden, 'float32'), g.scalar('float32', masked));
  return concatenate(g, Array<Value>(group).fill(mask), 0, multiplyDims(group, sequence));
}

/** Of `length` [] int64 cached and the new tokens: [] int32 and, less one, [1] int32. `new` [1, T, ..] */
export function totalTokens(
  g: GraphBuilder,
  length: Value,
  fresh: Value,
): Pick<CachedTokens, 'total' | 'lastIndex'> {
  const total = cast(g, add(g, length, lengthOf(g, fresh, 1)), 'int32');
  return {
    total,
    lastIndex: unsqueeze(g, subtract(g, total, g.scalar('int32', 1)), 0),
  };
}

interface Sight {
  /** Tokens that one sees, itself included; null where that is all. */
  readonly window: number | null;
  /** [] bool: do the new tokens all see each other? Null where they never do. */
  readonly together: Value | null;
}

/**
 * [T, T] float32 for T new tokens, very negative above the diagonal, and below it from a window on; [1, 1] where the
 * fused operator attends, and 0 where all see each other.
 */
export function futureMask(
  g: GraphBuilder,
  positions: Value,
  fused: Value,
  { window, together }: Sight,
): Value {
  const sequence = positions.shape[1] as Dim;
  const matrix = { type: 'float32', shape: [sequence, sequence] } as const;
  const side = unsqueeze(g, maskedTokens(g, positions, fused), 0);
  const square = concatenate(g, [side, side], 0, 2);
  const hidden = g.scalar('float32', masked);
  const value = together
    ? g.op('Where', [together, g.scalar('float32', 0), hidden], hidden)
    : hidden;
  const all = g.op('Expand', [value, square], matrix);
  const triangle = (diagonal: number, upper: 0 | 1): Value =>
    g.op('Trilu', [all, g.scalar('int64', diagonal)], matrix, {
      attributes: { upper: int(upper) },
    });
  const future = triangle(1, 1);
  return window === null ? future : add(g, future, triangle(-window, 0));
}
