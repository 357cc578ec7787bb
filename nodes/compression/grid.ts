/** What compressions of a token grid have in common. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Grid, WireOf } from '#engine/graph/wire.ts';
import type { GraphBuilder } from '#engine/onnx/graph-builder.ts';
import { slice } from '#engine/onnx/operators.ts';
import type { Value } from '#engine/onnx/value.ts';

/** The grid of a wire, or why there is none. `what` begins the sentence, e.g. "Average pooling". */
export function gridOf(what: string, tokens: WireOf<'tokens'>): Outcome<Grid> {
  if (tokens.grid) return ok(tokens.grid);
  const message = `${what} needs tokens that lie on a grid; place it before anything that selects or merges tokens.`;
  return fail(error('arrangement-unsupported', message, { port: 'tokens' }));
}

/** Drops class and register tokens. [1, prefix + N, D] → [1, N, D] */
export function gridTokensOnly(
  g: GraphBuilder,
  tokens: Value,
  { grid, prefixTokens }: WireOf<'tokens'>,
): Value {
  if (prefixTokens === 0 || !grid) return tokens;
  const count = grid.rows * grid.columns;
  return slice(g, tokens, 1, g.list(prefixTokens), g.list(prefixTokens + count), count);
}
