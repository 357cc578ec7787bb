/** Maps cut into a square number of tiles, and put together again. */
import type { GraphBuilder } from '../graph-builder.ts';
import { reshape, transpose } from '../shape-operators.ts';
import { fixedDim, type Dim, type Value } from '../value.ts';

/** Row by row; `side` tiles along either side, which it divides. [B, D, H, W] → [B, side², D, H / side, W / side] */
export function cutTiles(g: GraphBuilder, map: Value, side: number): Value {
  const [batch, channels] = map.shape as [Dim, number];
  const [rows, columns] = [fixedDim(map, 2) / side, fixedDim(map, 3) / side];
  const apart = reshape(g, map, [batch, channels, side, rows, side, columns]);
  const ordered = transpose(g, apart, 0, 2, 4, 1, 3, 5); // [B, side, side, D, rows, columns]
  return reshape(g, ordered, [batch, side ** 2, channels, rows, columns]);
}

/** As {@link cutTiles} has cut them. [B, side², D, rows, columns] → [B, D, side · rows, side · columns] */
export function stitchTiles(g: GraphBuilder, tiles: Value, side: number): Value {
  const batch = tiles.shape[0] as Dim;
  const [channels, rows, columns] = [fixedDim(tiles, 2), fixedDim(tiles, 3), fixedDim(tiles, 4)];
  const apart = reshape(g, tiles, [batch, side, side, channels, rows, columns]);
  const ordered = transpose(g, apart, 0, 3, 1, 4, 2, 5); // [B, D, side, rows, side, columns]
  return reshape(g, ordered, [batch, channels, side * rows, side * columns]);
}
