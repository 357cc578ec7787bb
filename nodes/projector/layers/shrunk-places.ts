/** LLaVA-OneVision's packing: a map of tiles above a budget is shrunk bilinearly before it is read row by row. */
import type { View } from '#engine/node/view.ts';
import type { Grid } from '#engine/node/wire.ts';
import { picturePlaces, type ViewTokens } from './packed-places.ts';

/** The tokens that leave, each mixed of four rows of all views by weights that add up to `sum`. */
export interface MixedPlaces {
  /** Four a token. */
  readonly places: readonly number[];
  readonly weights: readonly number[];
  readonly sum: number;
}

/** What is above a budget by less than this share of a side stays as it is. */
export const tolerance = 1.1;

/** How many rows and columns of a map are left; `mostTiles` is the budget, `tile` the grid of one. */
export function shrunkGrid({ rows, columns }: Grid, tile: Grid, mostTiles: number): Grid {
  const ratio = Math.sqrt((rows * columns) / (mostTiles * tile.rows * tile.columns));
  if (ratio <= tolerance) return { rows, columns };
  return { rows: shortened(rows, ratio), columns: shortened(columns, ratio) };
}

/** As Python's floor division of floats, which does not round up to a whole number before it cuts. */
const shortened = (length: number, ratio: number): number =>
  Math.max(1, Math.round((length - (length % ratio)) / ratio));

/** Source: transformers, LlavaOnevisionModel.pack_image_features. */
export function shrunkPlaces(
  views: readonly View[],
  tokens: ViewTokens,
  mostTiles: number,
): MixedPlaces {
  const { whole, newline, map } = picturePlaces(views, tokens);
  const places: number[] = [];
  const weights: number[] = [];
  const to = map && shrunkGrid(map, tokens.grid, mostTiles);
  const sum = to ? 4 * to.rows * to.columns : 1;
  const addAlone = (place: number): void => {
    places.push(place, place, place, place);
    weights.push(sum, 0, 0, 0);
  };
  for (const place of whole) addAlone(place);
  if (!map || !to) {
    addAlone(newline);
    return { places, weights, sum };
  }
  const across = mixesAlong(map.columns, to.columns);
  for (const down of mixesAlong(map.rows, to.rows)) {
    for (const along of across) {
      for (const y of down) {
        for (const x of along) {
          places.push(map.placeOf(map.top + y.at, map.left + x.at));
          weights.push(y.weight * x.weight);
        }
      }
    }
    addAlone(newline);
  }
  return { places, weights, sum };
}

interface Share {
  readonly at: number;
  /** In parts of twice the new length. */
  readonly weight: number;
}

/** Between which two places each new place of an axis lies, as torch interpolates without aligned corners. */
function mixesAlong(from: number, to: number): readonly (readonly [Share, Share])[] {
  const parts = 2 * to;
  return Array.from({ length: to }, (_, place) => {
    const centre = Math.max((2 * place + 1) * from - to, 0);
    const at = Math.floor(centre / parts);
    const beyond = centre % parts;
    return [
      { at, weight: parts - beyond },
      { at: Math.min(at + 1, from - 1), weight: beyond },
    ];
  });
}
