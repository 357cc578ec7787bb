/** What became of the visual tokens of a prompt, patch by patch of the views that they come from. */
import { keptMarks, mostAttended } from '#engine/contract/showing.ts';
import type { BoundaryPart } from '#engine/node/part.ts';
import { keptVisualTap, visualAttentionTap } from '#engine/node/shows.ts';
import { isShare } from '../text/lay-out-views.ts';
import type { LaidRuns } from '../text/lay-out-runs.ts';
import { lengthOf, type VisualSpan } from './prompt-sequence.ts';
import type { SeenTokens } from './seen-tokens.ts';

/** One of the visual tokens, in the order in which they are read. */
interface VisualToken {
  /** Counted over all pictures and clips. */
  readonly view: number;
  /** Among the tokens of its view. */
  readonly place: number;
}

/** The visual tokens of a prompt by where they come from; without them, so that nothing of a run is held. */
export interface ReadTokens {
  /** Tokens of each view. */
  readonly sizes: readonly number[];
  readonly inOrder: readonly VisualToken[];
}

/** A number for each token of each view. */
type ViewMarks = readonly (readonly number[])[];

/**
 * By tap, marks as engine/contract/showing.ts has them. What a part tells is of the tokens that the parts before it had
 * left; those that had gone are neither kept nor looked at.
 */
export function visualMarks(
  seen: SeenTokens,
  boundaries: readonly BoundaryPart[],
  { sizes, inOrder }: ReadTokens,
): ReadonlyMap<string, ViewMarks> {
  const marks = new Map<string, ViewMarks>();
  let left = inOrder;
  for (const boundary of boundaries) {
    if (boundary.kind !== 'token-reduction') continue;
    const [keptTap, attentionTap] = [
      keptVisualTap(boundary.node),
      visualAttentionTap(boundary.node),
    ];
    const [kept, attention] = [seen.get(keptTap), seen.get(attentionTap)];
    // Nothing is told where all visual tokens go, nor of a prompt that was not read again.
    if (!kept || attention?.length !== left.length) return marks;
    const most = attention.reduce((largest, each) => Math.max(largest, each), Number.MIN_VALUE);
    const steps = attention.map((each) => Math.round((mostAttended * each) / most));
    marks.set(attentionTap, marked(sizes, left, steps));
    // The graph goes on with them in reading order.
    left = kept.toSorted((a, b) => a - b).flatMap((place) => left[place] ?? []);
    marks.set(
      keptTap,
      marked(
        sizes,
        left,
        left.map(() => keptMarks.kept),
      ),
    );
  }
  return marks;
}

const tokensOfViews = ({ parts, count }: VisualSpan): readonly number[] => {
  const channels = lengthOf(parts) / count;
  return parts.map(({ length }) => length / channels);
};

/** As pictures are laid into a prompt; a view that is left out is not read. */
export function readTokens(spans: readonly VisualSpan[], laid: LaidRuns): ReadTokens {
  const inOrder: VisualToken[] = [];
  let firstView = 0;
  for (const [run, span] of spans.entries()) {
    const sizes = tokensOfViews(span);
    const read = (view: number, from: number, to: number): void => {
      for (let place = from; place < to; place++) inOrder.push({ view: firstView + view, place });
    };
    for (const piece of (laid[run] ?? []).filter(isShare)) {
      if (piece.kind === 'views') {
        for (let view = piece.from; view < piece.to; view++) read(view, 0, sizes[view] ?? 0);
      } else {
        const length = (sizes[piece.view] ?? 0) / span.tokenRows;
        read(piece.view, piece.row * length, (piece.row + 1) * length);
      }
    }
    firstView += sizes.length;
  }
  return { sizes: spans.flatMap(tokensOfViews), inOrder };
}

/** 0 where no token is, or none that is left. */
function marked(
  sizes: readonly number[],
  tokens: readonly VisualToken[],
  marks: readonly number[],
): ViewMarks {
  const views = sizes.map((size) => Array.from({ length: size }, () => 0));
  for (const [index, { view, place }] of tokens.entries())
    (views[view] as number[])[place] = marks[index] ?? 0;
  return views;
}
