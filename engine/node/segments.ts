/** How the tokens of a call are spread over the segments into which boundaries cut a decoder's layers. */
import type { LanguageGraphs, SegmentLengths } from './decoder-protocol.ts';
import type { BoundaryPart } from './part.ts';

export interface NewTokens {
  readonly fresh: number;
  /** Visual ones among them. */
  readonly visual: number;
  /** Do they leave at the early exit? */
  readonly leaves?: boolean;
}

/** Lengths by segment of a call with so many new tokens over what each segment has cached. */
export function segmentLengths(
  boundaries: readonly BoundaryPart[],
  tokens: NewTokens,
  cached: readonly number[],
): readonly SegmentLengths[] {
  let { fresh, visual } = tokens;
  const lengths = [{ fresh, visual, cached: cached[0] ?? 0 }];
  for (const [index, boundary] of boundaries.entries()) {
    if (boundary.kind === 'token-reduction') {
      const kept = boundary.keptTokens(visual);
      if (boundary.pruned === 'dropped') fresh -= visual - kept;
      visual = kept;
    } else if (tokens.leaves === true) {
      fresh = 0;
      visual = 0;
    }
    lengths.push({ fresh, visual, cached: cached[index + 1] ?? 0 });
  }
  return lengths;
}

/** Visual tokens that lie together in a sequence, of one picture or a part of it. */
export interface VisualRun {
  readonly start: number;
  readonly count: number;
  /** Rows of their grid, and how many such grids follow each other in time; 1 where left out. */
  readonly rows?: number;
  readonly steps?: number;
}

/**
 * Long prompts are read in pieces of so many tokens where a graph asks for no others, so that memory holds the state
 * once and the activations of one piece. A pruning ranks by the last token of the prompt, so with one the prompt is read
 * at once, and so it is where its tokens see what comes behind them. Where those of a picture see each other, each of
 * the `visual` runs is a piece.
 */
export const prefillChunkTokens = 256;
/** Experts share a piece's tokens between them: with few each, to read and to call an expert takes longer than to work. */
export const expertChunkTokens = 1024;

/** How a graph reads its prompt. */
type PromptReading = Pick<LanguageGraphs, 'promptAttention' | 'chunkTokens'>;

export function prefillChunks(
  length: number,
  boundaries: readonly BoundaryPart[],
  { promptAttention, chunkTokens = prefillChunkTokens }: PromptReading,
  visual: readonly VisualRun[] = [],
): readonly number[] {
  const isRanked = boundaries.some(({ kind }) => kind === 'token-reduction');
  if (isRanked || promptAttention === 'prefix') return [length];
  if (promptAttention !== 'pictures') return evenChunks(length, chunkTokens);
  const ends = visual.map(({ start, count }) => start + count);
  const behind = length - Math.max(0, ...ends);
  return [
    ...visual.flatMap(({ start, count }, run) => [
      ...evenChunks(start - (ends[run - 1] ?? 0), chunkTokens),
      count,
    ]),
    ...evenChunks(behind, chunkTokens),
  ];
}

function evenChunks(length: number, most: number): readonly number[] {
  if (length === 0) return [];
  const count = Math.max(1, Math.ceil(length / most));
  // Pieces of one size, so that the last is not a rest for which everything starts up again.
  const size = Math.ceil(length / count);
  return Array.from({ length: count }, (_, chunk) => Math.min(size, length - chunk * size));
}
