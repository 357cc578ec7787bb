/** Attention inside square windows of a map; Swin's are shifted in every other layer, with biases by distance (2103.14030). */
import type { GraphBuilder } from '../graph-builder.ts';
import { add, cast } from '../operators.ts';
import {
  concatenate,
  gather,
  padEnd,
  repeatAs,
  reshape,
  slice,
  transpose,
  unsqueeze,
} from '../shape-operators.ts';
import { fixedDim, multiplyDims, type Dim, type Value } from '../value.ts';
import type { TableGrid, WeightExpression } from '../weight.ts';
import { attend } from './attention.ts';
import type { QueryKeyValue } from './attention-projections.ts';

export interface WindowShape {
  /** Places along one side of a window. */
  readonly window: number;
  /** Places by which the map is rolled up and to the left before it is cut; 0 for none. */
  readonly shift: number;
}

/** The grid of windows over a map, filled up below and at the right. */
export function windowGrid({ rows, columns }: TableGrid, window: number): TableGrid {
  return { rows: Math.ceil(rows / window), columns: Math.ceil(columns / window) };
}

/** [B, rows, columns, D] → [B · windows, window · window, D], zeros where the map fills no window. */
export function cutWindows(g: GraphBuilder, map: Value, { window, shift }: WindowShape): Value {
  const [batch, , , channels] = map.shape as [Dim, Dim, Dim, Dim];
  const { rows, columns } = windowGrid(gridOf(map), window);
  const filled = padEnd(g, padEnd(g, map, 1, rows * window), 2, columns * window);
  const rolled = roll(g, roll(g, filled, 1, shift), 2, shift);
  const apart = reshape(g, rolled, [batch, rows, window, columns, window, channels]);
  const ordered = transpose(g, apart, 0, 1, 3, 2, 4, 5); // [B, rows, columns, w, w, D]
  const count = multiplyDims(rows * columns, batch);
  return reshape(g, ordered, [count, window * window, channels]);
}

/** The way back: [B · windows, window · window, D] → [B, rows, columns, D] of the map that was cut. */
export function joinWindows(
  g: GraphBuilder,
  windows: Value,
  map: Value,
  { window, shift }: WindowShape,
): Value {
  const channels = fixedDim(windows, -1);
  const batch = map.shape[0] as Dim;
  const size = gridOf(map);
  const { rows, columns } = windowGrid(size, window);
  const apart = reshape(g, windows, [batch, rows, columns, window, window, channels]);
  const ordered = transpose(g, apart, 0, 1, 3, 2, 4, 5);
  const whole = reshape(g, ordered, [batch, rows * window, columns * window, channels]);
  const back = roll(g, roll(g, whole, 1, -shift), 2, -shift);
  return cutTo(g, cutTo(g, back, 1, size.rows), 2, size.columns);
}

/**
 * softmax(q kᵀ) v inside windows of a grid; those at its right and below hold only what there is. Each
 * [B, rows · columns, H · d] → the same. Source: Qwen2.5-VL, 2502.13923.
 */
export function attendInWindows(
  g: GraphBuilder,
  { query, key, value }: QueryKeyValue<Value>,
  headCount: number,
  grid: TableGrid,
  window: number,
): Value {
  const shape = { window, shift: 0 };
  const [batch, count, channels] = query.shape as [Dim, Dim, Dim];
  const asMap = (x: Value) => reshape(g, x, [batch, grid.rows, grid.columns, channels]);
  const cut = (x: Value) => cutWindows(g, asMap(x), shape);
  const projected = { query: cut(query), key: cut(key), value: cut(value) };
  const mixed = attend(
    g,
    projected,
    { headCount },
    { keys: placesInWindows(g, query, grid, window) },
  );
  const joined = joinWindows(g, mixed, asMap(query), shape);
  return reshape(g, joined, [batch, count, channels]);
}

/** Which places of its windows are in the grid, [B · windows, w · w] bool; null where all are. */
function placesInWindows(
  g: GraphBuilder,
  like: Value,
  grid: TableGrid,
  window: number,
): Value | null {
  const { rows, columns } = windowGrid(grid, window);
  if (rows * window === grid.rows && columns * window === grid.columns) return null;
  const one = g.constant('float32', [1, 1, 1, 1], [1]);
  const shape = [1, grid.rows, grid.columns, 1];
  const places = g.op('Expand', [one, g.list(...shape)], { type: 'float32', shape });
  const cut = cutWindows(g, places, { window, shift: 0 }); // [windows, w², 1]
  const all = repeatAs(g, reshape(g, cut, [1, rows * columns, window * window]), 0, like, 0);
  const count = multiplyDims(rows * columns, like.shape[0] as Dim);
  return cast(g, reshape(g, all, [count, window * window]), 'bool');
}

/** The published table `name` [(2 w − 1)², heads] as biases of a window, [heads, w · w, w · w]. */
export function relativeBias(
  g: GraphBuilder,
  name: string,
  window: number,
  headCount: number,
): WeightExpression {
  const distances = (2 * window - 1) ** 2;
  const of = g.tensor(name, [distances, headCount], 'embedding');
  return { kind: 'relative-bias', of, window: { rows: window, columns: window } };
}

/**
 * What is added to the scores of all windows of a map: biases by distance and, where the map was rolled, the
 * mask between places that only the roll brought together. [heads, w², w²], or [B · windows, heads, w², w²].
 * `chosen` [n] int64 are those of the windows of one map that are looked into; all where left out.
 */
export function windowBias(
  g: GraphBuilder,
  relative: WeightExpression,
  map: Value,
  { window, shift }: WindowShape,
  chosen: Value | null = null,
): Value {
  const byDistance = g.weight(relative);
  if (shift === 0) return byDistance;
  const { rows, columns } = windowGrid(gridOf(map), window);
  const places = window * window;
  const shifted = { rows: rows * window, columns: columns * window, window, shift };
  const mask = g.weight({
    kind: 'computed',
    shape: [rows * columns, places, places],
    of: { table: 'shifted-window-mask', ...shifted },
  });
  const masks = chosen ? gather(g, mask, chosen, 0) : mask;
  const masked = add(g, unsqueeze(g, masks, 1), byDistance); // [windows, heads, w², w²]
  const batch = map.shape[0] as Dim;
  if (batch === 1) return masked;
  const all = repeatAs(g, unsqueeze(g, masked, 0), 0, map, 0); // [B, windows, heads, w², w²]
  return reshape(g, all, [multiplyDims(rows * columns, batch), ...masked.shape.slice(1)]);
}

const gridOf = (map: Value): TableGrid => ({ rows: fixedDim(map, 1), columns: fixedDim(map, 2) });

/** The first `by` places of an axis come behind the others; negative: the last come in front. */
function roll(g: GraphBuilder, x: Value, axis: number, by: number): Value {
  const length = fixedDim(x, axis);
  const border = ((by % length) + length) % length;
  if (border === 0) return x;
  const cut = (from: number, to: number) => slice(g, x, axis, g.list(from), g.list(to), to - from);
  return concatenate(g, [cut(border, length), cut(0, border)], axis, length);
}

function cutTo(g: GraphBuilder, x: Value, axis: number, length: number): Value {
  if (x.shape[axis] === length) return x;
  return slice(g, x, axis, g.list(0), g.list(length), length);
}
