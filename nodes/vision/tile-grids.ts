/** Into which grid of tiles a picture is cut, of those that a model was trained with. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Grid } from '#engine/node/wire.ts';

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** More tiles than any published model cuts a picture into. */
const maxTiles = 144;

/** "1×2, 2×2": rows and columns of each grid. Fails with `param-invalid`. */
export function readGrids(text: string): Outcome<readonly Grid[]> {
  const grids: Grid[] = [];
  for (const part of text.split(/[,;]/).map((each) => each.trim())) {
    const [, rows, columns] = /^(\d{1,3})\s*[×x]\s*(\d{1,3})$/.exec(part) ?? [];
    const grid = { rows: Number(rows), columns: Number(columns) };
    const tiles = grid.rows * grid.columns;
    if (!(tiles >= 1 && tiles <= maxTiles)) {
      const message = `"${part}" is no grid of tiles; write rows × columns, such as 2×1, of at most ${maxTiles} tiles.`;
      return fail(error('param-invalid', message, { param: 'grids' }));
    }
    grids.push(grid);
  }
  return ok(grids);
}

export const writeGrids = (grids: readonly Grid[]): string =>
  grids.map(({ rows, columns }) => `${rows}×${columns}`).join(', ');

/**
 * The grid in which most of a picture's pixels are left after fitting it in, and of these the one that wastes least;
 * the first of several. `side` is that of a tile.
 */
export function bestGrid(
  { width, height }: PictureSize,
  grids: readonly Grid[],
  side: number,
): Grid {
  let [best] = grids as readonly [Grid];
  let most = -1;
  let least = Infinity;
  for (const grid of grids) {
    const room = { width: grid.columns * side, height: grid.rows * side };
    const scale = Math.min(room.width / width, room.height / height);
    const fitted = Math.trunc(width * scale) * Math.trunc(height * scale);
    const kept = Math.min(fitted, width * height);
    const wasted = room.width * room.height - kept;
    if (kept > most || (kept === most && wasted < least))
      [best, most, least] = [grid, kept, wasted];
  }
  return best;
}

/** All grids of `least` to `most` tiles, by ascending number of tiles; narrow ones first. */
export function gridsOfTiles(least: number, most: number): readonly Grid[] {
  const sides = Array.from({ length: most }, (_, index) => index + 1);
  return sides
    .flatMap((columns) => sides.map((rows) => ({ rows, columns })))
    .filter(({ rows, columns }) => rows * columns >= least && rows * columns <= most)
    .toSorted((a, b) => a.rows * a.columns - b.rows * b.columns);
}

/**
 * The grid whose proportions are nearest to a picture's. Of several the first, unless the picture has more than half
 * of the pixels of a later one. `side` is that of a tile. Source: InternVL 1.5 (2404.16821), dynamic_preprocess.
 */
export function nearestGrid(
  { width, height }: PictureSize,
  grids: readonly Grid[],
  side: number,
): Grid {
  let [best] = grids as readonly [Grid];
  let least = Infinity;
  for (const grid of grids) {
    const distance = Math.abs(width / height - grid.columns / grid.rows);
    const fillsHalf = width * height > 0.5 * side * side * grid.columns * grid.rows;
    if (distance < least || (distance === least && fillsHalf)) [best, least] = [grid, distance];
  }
  return best;
}

/** The largest size of a picture's proportions inside a room; parts of a pixel count as whole. */
export function fittedSize({ width, height }: PictureSize, room: PictureSize): PictureSize {
  const across = room.width / width;
  const down = room.height / height;
  return across < down
    ? { width: room.width, height: Math.min(Math.ceil(height * across), room.height) }
    : { width: Math.min(Math.ceil(width * down), room.width), height: room.height };
}
