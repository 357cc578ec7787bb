/** Tokens of a grid as a map of channels, and back. */
import type { GraphBuilder } from '../graph-builder.ts';
import { concatenate, reshape, slice, transpose } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';
import type { TableGrid } from '../weight.ts';

/** Class and register tokens apart from those of the grid. [B, prefix + N, D] → [B, prefix, D] (or null), [B, N, D] */
export function splitPrefix(
  g: GraphBuilder,
  tokens: Value,
  prefixTokens: number,
): { prefix: Value | null; patches: Value } {
  if (prefixTokens === 0) return { prefix: null, patches: tokens };
  const count = fixedDim(tokens, 1);
  const cut = (from: number, to: number) =>
    slice(g, tokens, 1, g.list(from), g.list(to), to - from);
  return { prefix: cut(0, prefixTokens), patches: cut(prefixTokens, count) };
}

/** Only the tokens of the grid. [B, prefix + N, D] → [B, N, D] */
export function dropPrefix(g: GraphBuilder, tokens: Value, prefixTokens: number): Value {
  return cutBehind(g, tokens, 1, prefixTokens);
}

/** What lies behind the first `prefixTokens` entries of an axis. */
export function cutBehind(g: GraphBuilder, x: Value, axis: number, prefixTokens: number): Value {
  if (prefixTokens === 0) return x;
  const rest = behindPrefix(x.shape.at(axis) as Dim, prefixTokens);
  return slice(g, x, axis, g.list(prefixTokens), g.list(Number.MAX_SAFE_INTEGER), rest);
}

/** How many tokens of so many are left behind a prefix; of a symbol, another one. */
export const behindPrefix = (count: Dim, prefixTokens: number): Dim =>
  typeof count === 'number' ? count - prefixTokens : `${count}.behind`;

/** [B, prefix, D] (or null) before [B, N, D] → [B, prefix + N, D] */
export function joinPrefix(g: GraphBuilder, prefix: Value | null, patches: Value): Value {
  if (!prefix) return patches;
  return concatenate(g, [prefix, patches], 1, fixedDim(prefix, 1) + fixedDim(patches, 1));
}

/** Tokens of a grid, row by row, as a map. [B, rows · columns, D] → [B, D, rows, columns] */
export function tokensToMap(g: GraphBuilder, tokens: Value, grid: TableGrid): Value {
  const [batch, , channels] = tokens.shape as [Dim, Dim, Dim];
  return reshape(g, transpose(g, tokens, 0, 2, 1), [batch, channels, grid.rows, grid.columns]);
}

/** [B, D, rows, columns] → [B, rows · columns, D], row by row. */
export function mapToTokens(g: GraphBuilder, map: Value): Value {
  const [batch, channels] = map.shape as [Dim, Dim];
  const count = fixedDim(map, 2) * fixedDim(map, 3);
  return transpose(g, reshape(g, map, [batch, channels, count]), 0, 2, 1);
}

/** [B, D, rows, columns] → [B, rows, columns, D] */
export const channelsLast = (g: GraphBuilder, map: Value): Value => transpose(g, map, 0, 2, 3, 1);

/** [B, rows, columns, D] → [B, D, rows, columns] */
export const channelsFirst = (g: GraphBuilder, map: Value): Value => transpose(g, map, 0, 3, 1, 2);
