/** Space to depth: square groups of neighbouring tokens as wide tokens. */
import type { GraphBuilder } from '../graph-builder.ts';
import { reshape, transpose } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import type { TableGrid } from '../weight.ts';

/** How a wide token holds those of its group: one after the other, or channel by channel, as torch's unfold does. */
export type GroupOrder = 'token-by-token' | 'channel-by-channel';

/**
 * Square groups of neighbouring tokens, each as one wide token; inside a group row by row. `side` divides the grid.
 * [B, rows · columns, D] → [B, rows · columns / side², D · side²]
 */
export function foldGroups(
  g: GraphBuilder,
  tokens: Value,
  { rows, columns }: TableGrid,
  side: number,
  order: GroupOrder = 'token-by-token',
): Value {
  const batch = tokens.shape[0] as Dim;
  const channels = fixedDim(tokens, 2);
  const [down, across] = [rows / side, columns / side];
  const apart = reshape(g, tokens, [batch, down, side, across, side, channels]);
  const ordered =
    order === 'token-by-token'
      ? transpose(g, apart, 0, 1, 3, 2, 4, 5) // [B, down, across, side, side, D]
      : transpose(g, apart, 0, 1, 3, 5, 2, 4); // [B, down, across, D, side, side]
  return reshape(g, ordered, [batch, down * across, channels * side * side]);
}
