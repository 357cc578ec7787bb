/** The grid that a compression of neighbouring tokens needs. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Grid, WireOf } from '#engine/node/wire.ts';

/** The grid of a wire, or why there is none. `what` begins the sentence, e.g. "Average pooling". */
export function gridOf(what: string, tokens: WireOf<'tokens'>): Outcome<Grid> {
  if (tokens.grid) return ok(tokens.grid);
  const message = `${what} needs tokens that lie on a grid; place it before anything that selects or merges tokens.`;
  return fail(error('arrangement-unsupported', message, { port: 'tokens' }));
}
