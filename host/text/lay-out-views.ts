/** The views of a picture as a prompt has them: texts, and shares of the visual tokens between these. */
import type { AroundView, PictureLayout } from '#engine/node/picture-layout.ts';
import type { View } from '#engine/node/view.ts';

export type LaidPiece =
  | { readonly kind: 'text'; readonly text: string }
  /** Said only where a word follows at once. */
  | { readonly kind: 'before-word'; readonly text: string }
  /** Views that follow each other, from one up to but not including another. */
  | { readonly kind: 'views'; readonly from: number; readonly to: number }
  /** A row of the grid that the tokens of one view lie on. */
  | { readonly kind: 'row'; readonly view: number; readonly row: number };

/** A run, or a part of one, of visual tokens. */
export type LaidShare = Extract<LaidPiece, { kind: 'views' | 'row' }>;

export const isShare = (piece: LaidPiece): piece is LaidShare =>
  piece.kind === 'views' || piece.kind === 'row';

/** `views` are those of one picture or clip, in order; `tokenRows` are the rows of one view's tokens. */
export function layOutViews(
  layout: PictureLayout,
  views: readonly View[],
  tokenRows: number,
): readonly LaidPiece[] {
  const hasTiles = views.some(isTile);
  const pieces: LaidPiece[] = [];
  const say = (text: string): void => {
    const last = pieces.at(-1);
    if (text === '') return;
    if (last?.kind === 'text') pieces.splice(-1, 1, { ...last, text: last.text + text });
    else pieces.push({ kind: 'text', text });
  };
  say(layout.opens);
  for (const [index, view] of views.entries()) {
    const { before, behind } = aroundView(layout, view, hasTiles);
    say(between(layout, views[index - 1], view));
    say(before);
    showView(layout, pieces, index, tokenRows);
    say(behind);
  }
  say(layout.closes);
  if (layout.beforeWord !== '') pieces.push({ kind: 'before-word', text: layout.beforeWord });
  return pieces;
}

const isTile = ({ role }: View): boolean => role === 'tile' || role === 'slice';

function aroundView(layout: PictureLayout, view: View, hasTiles: boolean): AroundView {
  if (!isTile(view)) return hasTiles ? layout.whole : layout.alone;
  const placed = (text: string): string =>
    text.replace('{row}', `${view.row + 1}`).replace('{column}', `${view.column + 1}`);
  return { before: placed(layout.tile.before), behind: placed(layout.tile.behind) };
}

function between(layout: PictureLayout, last: View | undefined, view: View): string {
  if (!last || !isTile(last) || !isTile(view)) return '';
  return last.row === view.row ? layout.betweenTiles : layout.betweenTileRows;
}

/** Views with nothing between them are one share. */
function showView(
  { betweenTokenRows }: PictureLayout,
  pieces: LaidPiece[],
  view: number,
  tokenRows: number,
): void {
  const last = pieces.at(-1);
  if (betweenTokenRows === '') {
    if (last?.kind === 'views') pieces.splice(-1, 1, { ...last, to: view + 1 });
    else pieces.push({ kind: 'views', from: view, to: view + 1 });
    return;
  }
  for (let row = 0; row < tokenRows; row++) {
    if (row > 0) pieces.push({ kind: 'text', text: betweenTokenRows });
    pieces.push({ kind: 'row', view, row });
  }
}
