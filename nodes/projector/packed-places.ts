/** In which order the tokens of a picture's views are read: each place names a row, or the newline behind all rows. */
import { assertNever } from '#engine/contract/outcome.ts';
import { tileGrid, type View } from '#engine/node/view.ts';
import type { Grid } from '#engine/node/wire.ts';

/** As LLaVA's code names them, after `spatial`: tile by tile; row by row of the joined map; without its padding. */
export const packings = ['unpadded', 'joined', 'tile-by-tile'] as const;

export type Packing = (typeof packings)[number];

/** Tokens of one view: those before its grid, and the grid. */
export interface ViewTokens {
  readonly prefixTokens: number;
  readonly grid: Grid;
}

/** Part of a map of tokens. */
export interface MapWindow {
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly columns: number;
}

/**
 * What of a map, in which a picture was fitted, shows the picture. Half of the padding is taken off at either side,
 * rounded down, so that an odd row or column of it stays.
 */
export function unpadded(
  { width, height }: { readonly width: number; readonly height: number },
  { rows, columns }: Grid,
): MapWindow {
  if (width / height > columns / rows) {
    const top = Math.floor((rows - whole(height * (columns / width))) / 2);
    return { top, left: 0, rows: rows - 2 * top, columns };
  }
  const left = Math.floor((columns - whole(width * (rows / height))) / 2);
  return { top: 0, left, rows, columns: columns - 2 * left };
}

/** Cut down to a whole number, of which rounding errors of division are no part. */
const whole = (length: number): number => Math.trunc(Number(length.toFixed(7)));

/** Places among the rows of all views, view by view, and the newline behind them; the whole picture goes first. */
export function packedPlaces(
  packing: Packing,
  views: readonly View[],
  tokens: ViewTokens,
): readonly number[] {
  const { prefixTokens, grid } = tokens;
  const perView = prefixTokens + grid.rows * grid.columns;
  const newline = views.length * perView;
  const ofView = (index: number): readonly number[] =>
    Array.from({ length: grid.rows * grid.columns }, (_, token) => token + firstOf(index));
  const firstOf = (index: number): number => index * perView + prefixTokens;
  const wholes = [...views.keys()].filter((index) => views[index]?.role === 'whole');
  const before = wholes.flatMap(ofView);
  const tiles = tileGrid(views);
  if (packing === 'tile-by-tile') {
    const others = [...views.keys()].filter((index) => !wholes.includes(index));
    return [...before, ...others.flatMap(ofView)];
  }
  if (!tiles) return packing === 'unpadded' ? [...before, newline] : before;

  const tileAt = new Map(
    views.flatMap(({ role, row, column }, index) =>
      role === 'whole' ? [] : [[row * tiles.columns + column, index] as const],
    ),
  );
  const placeOf = (y: number, x: number): number => {
    const tile = Math.floor(y / grid.rows) * tiles.columns + Math.floor(x / grid.columns);
    const inside = (y % grid.rows) * grid.columns + (x % grid.columns);
    return firstOf(tileAt.get(tile) as number) + inside;
  };
  const map = { rows: tiles.rows * grid.rows, columns: tiles.columns * grid.columns };
  const rowOf = (y: number, left: number, columns: number): readonly number[] =>
    Array.from({ length: columns }, (_, x) => placeOf(y, left + x));
  const places: number[] = [...before];
  switch (packing) {
    case 'joined':
      for (let y = 0; y < map.rows; y++) places.push(...rowOf(y, 0, map.columns));
      return places;
    case 'unpadded': {
      const { original } = views[0] as View;
      const { top, left, rows, columns } = unpadded(original, map);
      for (let y = top; y < top + rows; y++) places.push(...rowOf(y, left, columns), newline);
      return places;
    }
    default:
      return assertNever(packing);
  }
}
