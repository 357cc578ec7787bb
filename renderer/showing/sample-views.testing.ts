/** Views of showings for tests, said in few words. */
import type { ShownView, Showing } from '#engine/contract/showing.ts';

/** Marks as rows of a grid, one number a patch. */
export const marksOf = (
  ...rows: readonly (readonly number[])[]
): NonNullable<ShownView['marks']> => ({
  grid: { rows: rows.length, columns: rows[0]?.length ?? 0 },
  ofPatches: rows.flat(),
});

export const sampleView = (given: Partial<ShownView> = {}): ShownView => ({
  item: 0,
  role: 'whole',
  row: 0,
  column: 0,
  width: 32,
  height: 32,
  dataUrl: 'data:image/webp;base64,',
  marks: null,
  ...given,
});

export const sampleShowing = (
  kind: Showing['kind'],
  views: readonly ShownView[],
  given: Partial<Showing> = {},
): Showing => ({
  node: 'node',
  title: 'Node',
  stage: 'node',
  kind,
  also: null,
  singledOut: null,
  viewCount: views.length,
  views,
  ...given,
});
