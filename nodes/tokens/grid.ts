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

export interface GroupedGrid {
  readonly grid: Grid;
  /** The groups as a grid of their own. */
  readonly groups: Grid;
}

/** The grid of a wire in square groups of `factor` tokens a side, or why there is none; `factor` is a parameter. */
export function groupedGrid(
  what: string,
  tokens: WireOf<'tokens'>,
  factor: number,
): Outcome<GroupedGrid> {
  const grid = gridOf(what, tokens);
  if (!grid.ok) return grid;
  const { rows, columns } = grid.value;
  if (rows % factor !== 0 || columns % factor !== 0) {
    const message = `A ${rows} × ${columns} grid does not divide into groups of ${factor} × ${factor}; choose a factor that divides ${rows} and ${columns}.`;
    return fail(error('dimension-mismatch', message, { param: 'factor' }));
  }
  return ok({ grid: grid.value, groups: { rows: rows / factor, columns: columns / factor } });
}
