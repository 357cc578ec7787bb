/** What a projector that melts square groups of neighbouring tokens asks for and gives. */
import { ok, type Outcome } from '#engine/contract/outcome.ts';
import type { Demand } from '#engine/node/node-definition.ts';
import { knownCount, type Grid, type WireOf } from '#engine/node/wire.ts';
import { groupedGrid } from '../../tokens/grid.ts';
import { projectorWidths, type Widths } from '../../tokens/widths.ts';

/** The side of the groups. */
export const mergedSide = {
  kind: 'integer',
  label: 'Factor',
  help: 'Tokens along one side of the groups that become one.',
  default: 2,
  min: 1,
  max: 16,
} as const;

export interface MergedTokens {
  readonly outputs: { readonly tokens: WireOf<'tokens'> };
  readonly found: { readonly widths: Widths; readonly grid: Grid };
}

/** One token a group, on the grid of the groups; or why that cannot be. `what` begins the sentence. */
export function mergedTokens(
  what: string,
  id: string,
  params: {
    readonly inputWidth: number | null;
    readonly outputWidth: number | null;
    readonly factor: number;
  },
  tokens: WireOf<'tokens'>,
  demand: Demand | undefined,
): Outcome<MergedTokens> {
  const widths = projectorWidths(id, params, tokens, demand);
  if (!widths.ok) return widths;
  const grouped = groupedGrid(what, tokens, params.factor);
  if (!grouped.ok) return grouped;
  const { grid, groups } = grouped.value;
  const merged: WireOf<'tokens'> = {
    ...tokens,
    channels: widths.value.output,
    count: knownCount(groups.rows * groups.columns),
    prefixTokens: 0,
    grid: groups,
  };
  return ok({ outputs: { tokens: merged }, found: { widths: widths.value, grid } });
}
