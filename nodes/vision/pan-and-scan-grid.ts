/** Into how many crops Gemma 3 cuts a long picture. Source: transformers, Gemma3ImageProcessor.pan_and_scan. */
import type { PannedCrops } from '#engine/node/host-step.ts';
import type { Grid } from '#engine/node/wire.ts';
import type { PictureSize } from './tile-grids.ts';

/** One row or one column of crops; null where the picture is shown as a whole alone. */
export function panAndScanGrid(
  { width, height }: PictureSize,
  { mostCrops, leastCrop, leastRatio }: Omit<PannedCrops, 'scheme'>,
): Grid | null {
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  if (long / short < leastRatio) return null;
  // Halves are rounded up.
  const wanted = Math.min(Math.floor(long / leastCrop), Math.floor(long / short + 0.5));
  const crops = Math.min(mostCrops, Math.max(2, wanted));
  if (Math.min(Math.ceil(long / crops), short) < leastCrop) return null;
  // Of a few pixels, the last of so many crops would hold none.
  const count = Math.ceil(long / Math.ceil(long / crops));
  return width >= height ? { rows: 1, columns: count } : { rows: count, columns: 1 };
}
