/** Puts what a model sees around pictures into a prompt, at the places of these. */
import type { LaidPiece } from './lay-out-views.ts';
import type { PlacedPiece } from './visual-places.ts';

/** By run: texts, and the shares into which they cut its visual tokens. */
export type LaidRuns = readonly (readonly LaidPiece[])[];

/**
 * Each run as its texts and shares; shares are counted over all runs in the order of the wires, and take the place of
 * the runs' own numbers. What a template spells out right before a picture or behind it is not added a second time.
 */
export function layOutRuns(pieces: readonly PlacedPiece[], laid: LaidRuns): readonly PlacedPiece[] {
  const firstShares = sharesBefore(laid);
  const out: PlacedPiece[] = [];
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind !== 'run') {
      out.push(piece);
      continue;
    }
    let share = firstShares[piece.run] as number;
    const run = laid[piece.run] ?? [];
    for (const [place, part] of run.entries()) {
      if (part.kind !== 'text') out.push({ ...piece, run: share++ });
      else if (
        !isSpelled(part.text, place === 0, place === run.length - 1, out.at(-1), pieces[index + 1])
      )
        out.push({ kind: 'template', text: part.text });
    }
  }
  return out;
}

/** How many shares all runs before each have. */
function sharesBefore(laid: LaidRuns): readonly number[] {
  let shares = 0;
  return laid.map((run) => {
    const before = shares;
    shares += run.filter(({ kind }) => kind !== 'text').length;
    return before;
  });
}

function isSpelled(
  text: string,
  isFirst: boolean,
  isLast: boolean,
  before: PlacedPiece | undefined,
  behind: PlacedPiece | undefined,
): boolean {
  if (isFirst && before?.kind === 'template' && before.text.endsWith(text)) return true;
  return isLast && behind?.kind === 'template' && behind.text.startsWith(text);
}
