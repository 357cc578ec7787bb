/** A picture as LLaVA-NeXT's processor cuts it: the whole, then the tiles of the grid that suits it best. */
import type { PreprocessRecipe, TileRecipe } from '#engine/node/host-step.ts';
import { bestGrid, fittedSize } from '#nodes/vision/tile-grids.ts';
import type { RgbImage } from './decode-image.ts';
import { normalise, preprocess } from './preprocess.ts';
import { resizeWindow } from './resample.ts';

export interface Tile {
  readonly row: number;
  readonly column: number;
  /** [1, 3, side, side] */
  readonly pixels: Float32Array;
}

export interface TiledPicture {
  /** [1, 3, side, side] */
  readonly whole: Float32Array;
  /** Row by row. */
  readonly tiles: readonly Tile[];
}

/** The padding around the fitted picture is black; it is never stored. */
export function tilePicture(image: RgbImage, recipe: TileRecipe): TiledPicture {
  const { side, grids, mean, deviation } = recipe;
  const squash: PreprocessRecipe = {
    padToSquare: false,
    resizeTo: { height: side, width: side },
    crop: null,
    mean,
    deviation,
  };
  const { rows, columns } = bestGrid(image, grids, side);
  const room = { width: columns * side, height: rows * side };
  const fitted = fittedSize(image, room);
  const left = Math.floor((room.width - fitted.width) / 2);
  const top = Math.floor((room.height - fitted.height) / 2);
  const tiles = Array.from({ length: rows * columns }, (_, index): Tile => {
    const row = Math.floor(index / columns);
    const column = index % columns;
    const across = overlap(column * side, side, left, fitted.width);
    const down = overlap(row * side, side, top, fitted.height);
    const window = {
      left: across.inside,
      top: down.inside,
      width: across.length,
      height: down.length,
    };
    const part =
      window.width === 0 || window.height === 0
        ? { width: 0, height: 0, data: new Uint8Array(0) }
        : resizeWindow(image, fitted.width, fitted.height, window);
    const place = { width: side, height: side, left: across.at, top: down.at };
    return { row, column, pixels: normalise(part, place, squash) };
  });
  return { whole: preprocess(image, squash), tiles };
}

/** Where a tile that begins at `from` meets what lies from `start` on: its place there, here, and how long it is. */
function overlap(
  from: number,
  side: number,
  start: number,
  length: number,
): { readonly inside: number; readonly at: number; readonly length: number } {
  const begin = Math.max(from, start);
  const end = Math.min(from + side, start + length);
  return { inside: Math.max(begin - start, 0), at: begin - from, length: Math.max(end - begin, 0) };
}
