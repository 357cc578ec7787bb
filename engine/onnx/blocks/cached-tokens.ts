/** What causal attention is given of earlier tokens, and the masks that go with them. */
import { int, type GraphBuilder } from '../graph-builder.ts';
import { add, cast, multiply, subtract } from '../operators.ts';
import { concatenate, lengthOf, unsqueeze } from '../shape-operators.ts';
import type { Dim, Value } from '../value.ts';

/** Keys and values of earlier tokens; read where they lie, never copied. */
export interface CachedTokens {
  /** [1, kvHeads, capacity, headSize] */
  readonly key: Value;
  readonly value: Value;
  /** [capacity] float32: 0 where a token is cached, very negative where there is none yet. */
  readonly mask: Value;
  /** How many of them, and of the new ones together: [] int32, and that less one as [1] int32. */
  readonly total: Value;
  readonly lastIndex: Value;
  /** [] bool: attend by the fused operator? */
  readonly fused: Value;
  /** [T, T] float32: very negative where a new token would see a later one. */
  readonly future: Value;
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
  const places = g.op(
    'Range',
    [g.scalar('int64', 0), lengthOf(g, cachedKey, 2), g.scalar('int64', 1)],
    { type: 'int64', shape: [capacity] },
  );
  const empty = g.op('GreaterOrEqual', [places, length], { type: 'bool', shape: [capacity] });
  return multiply(g, cast(g, empty, 'float32'), g.scalar('float32', masked));
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

/** [T, T] float32 for T new tokens, very negative above the diagonal; [1, 1] where the fused operator attends. */
export function futureMask(g: GraphBuilder, positions: Value, fused: Value): Value {
  const sequence = positions.shape[1] as Dim;
  const shape = [sequence, sequence];
  // The fused operator masks by itself, and prompts are long.
  const size = g.op('Where', [fused, g.scalar('int64', 1), lengthOf(g, positions, 1)], {
    type: 'int64',
    shape: [],
  });
  const side = unsqueeze(g, size, 0);
  const square = concatenate(g, [side, side], 0, 2);
  const all = g.op('Expand', [g.scalar('float32', masked), square], { type: 'float32', shape });
  const above = { attributes: { upper: int(1) } };
  return g.op('Trilu', [all, g.scalar('int64', 1)], { type: 'float32', shape }, above);
}
