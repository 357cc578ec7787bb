/** To which sizes Idefics3 resizes a picture before it is split. Source: transformers, Idefics3ImageProcessor. */
import type { PictureSize } from './tile-grids.ts';

/** The longest edge as given, the other in proportion, rounded down and then up to an even number. */
export function evenSize({ width, height }: PictureSize, longestEdge: number): PictureSize {
  const even = (length: number): number => Math.max(length + (length % 2), 1);
  const proportions = width / height;
  return width >= height
    ? { width: longestEdge, height: even(Math.trunc(longestEdge / proportions)) }
    : { width: even(Math.trunc(longestEdge * proportions)), height: longestEdge };
}

/** The longer side up to whole tiles, the other in proportion, and then up to whole tiles too. */
export function upToTiles({ width, height }: PictureSize, side: number): PictureSize {
  const up = (length: number): number => Math.ceil(Math.max(length, 1) / side) * side;
  const proportions = width / height;
  return width >= height
    ? { width: up(width), height: up(Math.trunc(up(width) / proportions)) }
    : { width: up(Math.trunc(up(height) * proportions)), height: up(height) };
}

/** Most tiles that a picture can be split into. */
export const mostSplitTiles = (longestEdge: number, side: number): number =>
  Math.ceil(longestEdge / side) ** 2;
