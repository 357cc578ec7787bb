/** Puts what a model sees around pictures into a prompt, at the places of these. */
import { isShare, type LaidPiece } from './lay-out-views.ts';
import type { PlacedPiece } from './visual-places.ts';

/** By run: texts, and the shares into which they cut its visual tokens. */
export type LaidRuns = readonly (readonly LaidPiece[])[];

/**
 * Each run as its texts and shares; shares are counted over all runs in the order of the wires, and take the place of
 * the runs' own numbers. What a template spells out right before a picture or behind it is not added a second time.
 */
export function layOutRuns(pieces: readonly PlacedPiece[], laid: LaidRuns): readonly PlacedPiece[] {
  const firstShares = sharesBefore(laid);
  const said = pieces.filter((piece) => piece.kind === 'run' || piece.text !== '');
  const out: PlacedPiece[] = [];
  for (const [index, piece] of said.entries()) {
    if (piece.kind !== 'run') {
      out.push(piece);
      continue;
    }
    let share = firstShares[piece.run] as number;
    const run = laid[piece.run] ?? [];
    const lastText = run.findLastIndex(({ kind }) => kind !== 'before-word');
    const behind = said[index + 1];
    for (const [place, part] of run.entries()) {
      if (isShare(part)) {
        out.push({ ...piece, run: share++ });
        continue;
      }
      const isSpelled =
        (place === 0 && endsWith(out.at(-1), part.text)) ||
        (place === lastText && startsWith(behind, part.text));
      const isDue = part.kind === 'text' ? !isSpelled : startsWithWord(behind);
      if (isDue) out.push({ kind: 'layout', text: part.text });
    }
  }
  return out;
}

/** How many shares all runs before each have. */
function sharesBefore(laid: LaidRuns): readonly number[] {
  let shares = 0;
  return laid.map((run) => {
    const before = shares;
    shares += run.filter(isShare).length;
    return before;
  });
}

const endsWith = (piece: PlacedPiece | undefined, text: string): boolean =>
  (piece?.kind === 'template' || piece?.kind === 'layout') && piece.text.endsWith(text);

const startsWith = (piece: PlacedPiece | undefined, text: string): boolean =>
  piece?.kind === 'template' && piece.text.startsWith(text);

/** Not with a space, nor with a token. */
const startsWithWord = (piece: PlacedPiece | undefined): boolean =>
  piece !== undefined && piece.kind !== 'run' && /^[^\s<]/.test(piece.text);
