/** The grid that square patches make of a view. */
import type { Grid } from '#engine/node/wire.ts';

/** Null where so many patches make none of this width and height. */
export function patchGrid(
  patches: number,
  { width, height }: { readonly width: number; readonly height: number },
): Grid | null {
  const columns = Math.round(Math.sqrt((patches * width) / height));
  const rows = columns > 0 ? patches / columns : 0;
  // Sides need not be whole patches, so they are compared as nearly as that lets them be.
  const isWhole = Number.isInteger(rows) && rows > 0;
  const [across, down] = [width / columns, height / rows];
  const isSquare = Math.abs(across - down) < Math.min(across, down) / 4;
  return isWhole && isSquare ? { rows, columns } : null;
}
