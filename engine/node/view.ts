/** What belongs to one view: a whole picture, a tile or slice of one, or a frame of a clip. */
import type { Grid, Media } from './wire.ts';

export type ViewRole = 'whole' | 'tile' | 'slice' | 'frame';

export interface View {
  /** Which picture or clip it is of, counted from 0 in the order of the wires. */
  readonly item: number;
  readonly media: Media;
  readonly role: ViewRole;
  /** Its place in the grid of tiles of its item; 0 and 0 for a whole. Frames lie in one column. */
  readonly row: number;
  readonly column: number;
  /** Size in pixels of the picture or clip itself. */
  readonly original: { readonly width: number; readonly height: number };
}

/** The grid that the tiles of one item fill; null where it has none. */
export function tileGrid(views: readonly View[]): Grid | null {
  const tiles = views.filter(({ role }) => role === 'tile' || role === 'slice');
  if (tiles.length === 0) return null;
  return {
    rows: Math.max(...tiles.map(({ row }) => row)) + 1,
    columns: Math.max(...tiles.map(({ column }) => column)) + 1,
  };
}
