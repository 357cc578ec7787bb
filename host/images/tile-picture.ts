/** A picture as published processors cut it: tiles of one side, and the whole at that side. */
import { assertNever } from '#engine/contract/outcome.ts';
import type {
  FittedTiles,
  PannedCrops,
  PixelRecipe,
  SplitTiles,
  StretchedTiles,
  TilePixels,
  TileRecipe,
} from '#engine/node/host-step.ts';
import type { Grid } from '#engine/node/wire.ts';
import { panAndScanGrid } from '#nodes/vision/pan-and-scan-grid.ts';
import { evenSize, upToTiles } from '#nodes/vision/split-sizes.ts';
import { bestGrid, fittedSize, nearestGrid, type PictureSize } from '#nodes/vision/tile-grids.ts';
import { squareOf } from '#nodes/vision/tiled-pixels.ts';
import type { RgbImage } from './decode-image.ts';
import { normalise, resizeWhole, type Placement } from './preprocess.ts';
import { resizeWindow, type Window } from './resample.ts';

export interface PictureView {
  readonly role: 'whole' | 'tile' | 'slice';
  /** 0 and 0 of a whole. */
  readonly row: number;
  readonly column: number;
  /** [1, 3, height, width], of one size for all views of a recipe. */
  readonly pixels: Float32Array;
}

/** In the order in which the model was trained to read them. */
export function tilePicture(image: RgbImage, recipe: TileRecipe): readonly PictureView[] {
  switch (recipe.scheme) {
    case 'fit':
      return [squashed(image, recipe), ...fittedTiles(image, recipe)];
    case 'stretch': {
      const tiles = stretchedTiles(image, recipe);
      return tiles.length > 1 ? [...tiles, squashed(image, recipe)] : tiles;
    }
    case 'split':
      return splitTiles(image, recipe);
    case 'pan':
      return [squashed(image, recipe), ...pannedCrops(image, recipe)];
    case 'slice':
      return cutGrid(image, recipe.grid, recipe.slice, recipe).map((view) => ({
        ...view,
        role: 'slice',
      }));
    default:
      return assertNever(recipe);
  }
}

function squashed(image: RgbImage, recipe: TilePixels): PictureView {
  return whole(resizeWhole(image, squareOf(recipe.side), recipe.filter), recipe);
}

function whole(image: RgbImage, recipe: TilePixels): PictureView {
  const place = { ...squareOf(recipe.side), left: 0, top: 0 };
  return { role: 'whole', row: 0, column: 0, pixels: normalise(image, place, recipe) };
}

/** LLaVA-NeXT: the proportions stay, and the padding around the fitted picture is black; it is never stored. */
function fittedTiles(image: RgbImage, recipe: TilePixels & FittedTiles): readonly PictureView[] {
  const { side, grids } = recipe;
  const grid = bestGrid(image, grids, side);
  const room = { width: grid.columns * side, height: grid.rows * side };
  const fitted = fittedSize(image, room);
  const left = Math.floor((room.width - fitted.width) / 2);
  const top = Math.floor((room.height - fitted.height) / 2);
  return tilesOf(grid, ({ row, column }) => {
    const across = overlap(column * side, side, left, fitted.width);
    const down = overlap(row * side, side, top, fitted.height);
    const window = {
      left: across.inside,
      top: down.inside,
      width: across.length,
      height: down.length,
    };
    const place = { width: side, height: side, left: across.at, top: down.at };
    return partOf(image, fitted, window, place, recipe);
  });
}

/** InternVL: the picture takes the proportions of the grid. */
function stretchedTiles(
  image: RgbImage,
  recipe: TilePixels & StretchedTiles,
): readonly PictureView[] {
  const { side, grids } = recipe;
  const grid = nearestGrid(image, grids, side);
  return cutGrid(image, grid, squareOf(side), recipe);
}

/** The whole picture squashed to a grid of cells of one size, which are cut out of it. */
function cutGrid(
  image: RgbImage,
  grid: Grid,
  cell: PictureSize,
  recipe: PixelRecipe,
): readonly PictureView[] {
  const room = { width: grid.columns * cell.width, height: grid.rows * cell.height };
  return tilesOf(grid, ({ row, column }) => {
    const window = { ...cell, left: column * cell.width, top: row * cell.height };
    return partOf(image, room, window, { ...cell, left: 0, top: 0 }, recipe);
  });
}

/** Idefics3: resized twice, or three times for the whole, with whole grey levels in between. */
function splitTiles(image: RgbImage, recipe: TilePixels & SplitTiles): readonly PictureView[] {
  const { side, filter, longestEdge, splits } = recipe;
  const even = resizeWhole(image, evenSize(image, longestEdge), filter);
  if (!splits) return [squashed(even, recipe)];
  const filled = resizeWhole(even, upToTiles(even, side), filter);
  const grid = { rows: filled.height / side, columns: filled.width / side };
  if (grid.rows * grid.columns === 1) return [whole(filled, recipe)];
  const tiles = cutGrid(filled, grid, squareOf(side), recipe);
  return [...tiles, squashed(filled, recipe)];
}

/** Gemma 3: crops of the picture itself, of which the last may be smaller. */
function pannedCrops(image: RgbImage, recipe: TilePixels & PannedCrops): readonly PictureView[] {
  const grid = panAndScanGrid(image, recipe);
  if (!grid) return [];
  const width = Math.ceil(image.width / grid.columns);
  const height = Math.ceil(image.height / grid.rows);
  return tilesOf(grid, ({ row, column }) => {
    const [left, top] = [column * width, row * height];
    const window = {
      left,
      top,
      width: Math.min(width, image.width - left),
      height: Math.min(height, image.height - top),
    };
    const crop = resizeWindow(image, image.width, image.height, window);
    return squashed(crop, recipe).pixels;
  });
}

/** Row by row. */
function tilesOf(
  { rows, columns }: Grid,
  pixelsAt: (place: { readonly row: number; readonly column: number }) => Float32Array,
): readonly PictureView[] {
  return Array.from({ length: rows * columns }, (_, index): PictureView => {
    const place = { row: Math.floor(index / columns), column: index % columns };
    return { role: 'tile', ...place, pixels: pixelsAt(place) };
  });
}

/** A window of the resized picture, which may hold nothing of it. */
function partOf(
  image: RgbImage,
  { width, height }: PictureSize,
  window: Window,
  place: Placement,
  recipe: PixelRecipe,
): Float32Array {
  const { filter } = recipe;
  const part =
    window.width === 0 || window.height === 0
      ? { width: 0, height: 0, data: new Uint8Array(0) }
      : resizeWindow(image, width, height, window, { filter });
  return normalise(part, place, recipe);
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
