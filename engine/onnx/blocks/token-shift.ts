/** Each token beside the one before it, over a sequence that goes on where another ended. */
import type { GraphBuilder } from '../graph-builder.ts';
import { concatenate, slice } from '../shape-operators.ts';
import { oneLess, type Dim, type Value } from '../value.ts';

export interface ShiftedTokens {
  /** At the place of each token the one before it. [B, T, D] */
  readonly previous: Value;
  /** The last token, before which the next ones come. [B, 1, D] */
  readonly last: Value;
}

/** x [B, T, D]; `past` is the token before the first, [B, 1, D], zeros where there is none. */
export function tokenShift(g: GraphBuilder, x: Value, past: Value): ShiftedTokens {
  const length = x.shape[1] as Dim;
  const others = slice(g, x, 1, g.list(0), g.list(-1), oneLess(length)); // [B, T − 1, D]
  return {
    previous: concatenate(g, [past, others], 1, length),
    last: slice(g, x, 1, g.list(-1), g.list(Number.MAX_SAFE_INTEGER), 1),
  };
}
