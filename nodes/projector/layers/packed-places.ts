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
    const top = Math.floor((rows - truncated(height * (columns / width))) / 2);
    return { top, left: 0, rows: rows - 2 * top, columns };
  }
  const left = Math.floor((columns - truncated(width * (rows / height))) / 2);
  return { top: 0, left, rows, columns: columns - 2 * left };
}

/** Cut down to a whole number, of which rounding errors of division are no part. */
const truncated = (length: number): number => Math.trunc(Number(length.toFixed(7)));

/** The tokens of one picture by their places among the rows of all its views, view by view. */
export interface PicturePlaces {
  /** Those of the whole picture, or of all frames of a clip. */
  readonly whole: readonly number[];
  /** Behind all rows. */
  readonly newline: number;
  /** What of the map of its tiles, put together again, shows the picture; null where it has none. */
  readonly map: (MapWindow & { readonly placeOf: (y: number, x: number) => number }) | null;
}

export function picturePlaces(views: readonly View[], tokens: ViewTokens): PicturePlaces {
  const { grid } = tokens;
  const firstOf = (index: number): number => firstPlace(index, tokens);
  const whole = [...views.keys()]
    .filter((index) => !isPart(views[index]))
    .flatMap((index) => placesOfView(index, tokens));
  const newline = views.length * (tokens.prefixTokens + grid.rows * grid.columns);
  const tiles = tileGrid(views);
  if (!tiles) return { whole, newline, map: null };
  const tileAt = new Map(
    views.flatMap((view, index) =>
      isPart(view) ? [[view.row * tiles.columns + view.column, index] as const] : [],
    ),
  );
  const placeOf = (y: number, x: number): number => {
    const tile = Math.floor(y / grid.rows) * tiles.columns + Math.floor(x / grid.columns);
    const inside = (y % grid.rows) * grid.columns + (x % grid.columns);
    return firstOf(tileAt.get(tile) as number) + inside;
  };
  const map = { rows: tiles.rows * grid.rows, columns: tiles.columns * grid.columns };
  const { original } = views[0] as View;
  return { whole, newline, map: { ...unpadded(original, map), placeOf } };
}

const isPart = (view: View | undefined): boolean => view?.role === 'tile' || view?.role === 'slice';

const firstPlace = (view: number, { prefixTokens, grid }: ViewTokens): number =>
  view * (prefixTokens + grid.rows * grid.columns) + prefixTokens;

const placesOfView = (view: number, tokens: ViewTokens): readonly number[] =>
  Array.from(
    { length: tokens.grid.rows * tokens.grid.columns },
    (_, token) => token + firstPlace(view, tokens),
  );

/** Places among the rows of all views, view by view, and the newline behind them; the whole picture goes first. */
export function packedPlaces(
  packing: Packing,
  views: readonly View[],
  tokens: ViewTokens,
): readonly number[] {
  const { whole, newline, map } = picturePlaces(views, tokens);
  if (packing === 'tile-by-tile') {
    const others = [...views.keys()].filter((index) => isPart(views[index]));
    return [...whole, ...others.flatMap((index) => placesOfView(index, tokens))];
  }
  if (!map) return packing === 'unpadded' ? [...whole, newline] : whole;
  const rowOf = (y: number, left: number, columns: number): readonly number[] =>
    Array.from({ length: columns }, (_, x) => map.placeOf(y, left + x));
  const places: number[] = [...whole];
  switch (packing) {
    case 'joined': {
      const tiles = tileGrid(views) as Grid;
      for (let y = 0; y < tiles.rows * tokens.grid.rows; y++)
        places.push(...rowOf(y, 0, tiles.columns * tokens.grid.columns));
      return places;
    }
    case 'unpadded': {
      const { top, left, rows, columns } = map;
      for (let y = top; y < top + rows; y++) places.push(...rowOf(y, left, columns), newline);
      return places;
    }
    default:
      return assertNever(packing);
  }
}
