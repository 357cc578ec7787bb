/** Into which slices LLaVA-UHD cuts a picture. Source: LLaVA-UHD (2403.11703), slice_process.py. */
import type { SliceRule } from '#engine/node/host-step.ts';
import type { Grid } from '#engine/node/wire.ts';
import { partsOf, ruledSize } from './size-rules.ts';
import type { PictureSize } from './tile-grids.ts';

export interface SlicePlan {
  readonly grid: Grid;
  /** Of each slice, as it goes out. */
  readonly slice: PictureSize;
}

/** Null where the picture is small enough to be seen whole. */
export function slicePlan(size: PictureSize, rule: SliceRule): SlicePlan | null {
  const grid = sliceGrid(size, rule);
  if (!grid) return null;
  // What does not fill a row or a column of slices is left out of their proportions.
  const cell = {
    width: partsOf(size.width, grid.columns, rule.rounding),
    height: partsOf(size.height, grid.rows, rule.rounding),
  };
  return { grid, slice: ruledSize(cell, { rule: 'area', ...rule }) };
}

/** The grid of about as many slices as the picture has areas, whose cells are the most nearly square; the first of several. */
function sliceGrid(
  { width, height }: PictureSize,
  { mostSlices, areaSide }: SliceRule,
): Grid | null {
  const areas = Math.min(Math.ceil((width * height) / areaSide ** 2), mostSlices);
  if (areas <= 1) return null;
  let best: Grid | null = null;
  let least = Infinity;
  for (const count of [areas - 1, areas, areas + 1]) {
    if (count === 1 || count > mostSlices) continue;
    for (let columns = 1; columns <= count; columns++) {
      if (count % columns !== 0) continue;
      const grid = { rows: count / columns, columns };
      const distance = Math.abs(Math.log(width / height) - Math.log(columns / grid.rows));
      if (distance < least) [best, least] = [grid, distance];
    }
  }
  return best;
}
