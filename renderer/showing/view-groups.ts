/** How the views of a showing stand together: of each picture its tiles in their places, and what is whole. Pure. */
import type { Showing, ShownView } from '#engine/contract/showing.ts';

export interface ViewGroup {
  /** The whole, or the frames of a clip in their order. */
  readonly wholes: readonly ShownView[];
  /** Tiles and slices, row by row; their places are counted from 0. */
  readonly tiles: readonly ShownView[];
  /** Of the tiles; null where there are none. */
  readonly columns: number | null;
  readonly rows: number | null;
}

export function viewGroups({ views }: Pick<Showing, 'views'>): readonly ViewGroup[] {
  const items = [...new Set(views.map(({ item }) => item))];
  return items.map((item) => {
    const own = views.filter((view) => view.item === item);
    const tiles = own.filter(isTile);
    const most = (pick: (view: ShownView) => number) =>
      tiles.length === 0 ? null : Math.max(...tiles.map(pick)) + 1;
    return {
      wholes: own.filter((view) => !isTile(view)),
      tiles,
      columns: most(({ column }) => column),
      rows: most(({ row }) => row),
    };
  });
}

const isTile = ({ role }: ShownView): boolean => role === 'tile' || role === 'slice';
