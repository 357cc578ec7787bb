/** The prompt as the language model reads it: words and visual tokens in turn. */
import type { VisualRun } from '#engine/node/segments.ts';
import type { View } from '#engine/node/view.ts';
import type { Media } from '#engine/node/wire.ts';
import type { StageValue } from '../stages/stage-value.ts';
import { isShare, type LaidShare } from '../text/lay-out-views.ts';
import type { LaidRuns } from '../text/lay-out-runs.ts';
import { wordIds, type Prompt } from '../text/prompt.ts';
import type { LanguageModel } from './language-model.ts';

/** Visual tokens that lie together. */
export interface VisualShare {
  /** Of views in turn, each [N, D]. */
  readonly parts: readonly Float32Array[];
  readonly count: number;
  /** Rows of the grid that those of one view lie on; 1 where left out. */
  readonly tokenRows?: number;
}

/** The visual tokens of one picture or clip. */
export interface VisualSpan extends VisualShare {
  readonly media: Media;
  /** As many as parts. */
  readonly views: readonly View[];
  /** Rows of the grid that the tokens of one view lie on; 1 where they lie on none. */
  readonly tokenRows: number;
}

export interface PromptSequence {
  readonly prompt: Prompt;
  /** By run or share; one that is left out is not read. */
  readonly visual: readonly VisualShare[];
}

export interface EmbeddedSequence {
  /** [T, D] */
  readonly embeddings: Float32Array;
  readonly visual: readonly VisualRun[];
}

/** Of tokens that nothing is said of. */
const someView: View = {
  item: 0,
  media: 'image',
  role: 'whole',
  row: 0,
  column: 0,
  original: { width: 0, height: 0 },
};

interface GrowingSpan extends VisualSpan {
  readonly item: number;
  readonly parts: Float32Array[];
  readonly views: View[];
  count: number;
}

/** The visual tokens at a wire, by picture or clip; those of one view lie in so many rows. */
export function visualSpans(value: StageValue, tokenRows = 1): readonly VisualSpan[] {
  if (value.kind !== 'tensors') return [];
  const spans: GrowingSpan[] = [];
  for (const { tensors, views } of value.batches) {
    const tensor = tensors[''];
    const [leading = 1, tokens = 0, channels = 0] = tensor?.dims ?? [];
    const data = tensor?.data as Float32Array;
    for (let view = 0; view < leading; view++) {
      const shown = views[view] ?? someView;
      const { item, media } = shown;
      let span = spans.at(-1);
      if (span?.item !== item || span.media !== media)
        spans.push((span = { item, media, tokenRows, views: [], parts: [], count: 0 }));
      const size = tokens * channels;
      span.views.push(shown);
      span.parts.push(data.subarray(view * size, (view + 1) * size));
      span.count += tokens;
    }
  }
  return spans;
}

export const lengthOf = (parts: readonly Float32Array[]): number =>
  parts.reduce((sum, { length }) => sum + length, 0);

/** The visual tokens of all pictures in the shares into which a layout cuts them. */
export function visualShares(spans: readonly VisualSpan[], laid: LaidRuns): readonly VisualShare[] {
  return spans.flatMap((span, run) =>
    (laid[run] ?? []).filter(isShare).map((piece) => shareOf(span, piece)),
  );
}

function shareOf({ parts, count, tokenRows }: VisualSpan, piece: LaidShare): VisualShare {
  const channels = lengthOf(parts) / count;
  if (piece.kind === 'views') {
    const shown = parts.slice(piece.from, piece.to);
    return { parts: shown, count: lengthOf(shown) / channels, tokenRows };
  }
  const part = parts[piece.view] as Float32Array;
  const length = part.length / tokenRows;
  const row = part.subarray(piece.row * length, (piece.row + 1) * length);
  return { parts: [row], count: length / channels };
}

/** Embeddings of the words, with the visual tokens between them. */
export async function embedSequence(
  model: Pick<LanguageModel, 'embed'>,
  { prompt, visual }: PromptSequence,
): Promise<EmbeddedSequence> {
  const ids = wordIds(prompt);
  const words = await model.embed(ids);
  if (visual.length === 0) return { embeddings: words, visual: [] };
  const visualCount = visual.reduce((sum, { count }) => sum + count, 0);
  const visualLength = lengthOf(visual.flatMap(({ parts }) => parts));
  const embeddings = new Float32Array(words.length + visualLength);
  const hiddenSize = embeddings.length / (ids.length + visualCount);
  const runs: VisualRun[] = [];
  let at = 0;
  let word = 0;
  const put = (part: Float32Array): void => {
    embeddings.set(part, at);
    at += part.length;
  };
  for (const segment of prompt.segments) {
    if (segment.kind === 'words') {
      const end = word + segment.ids.length;
      put(words.subarray(word * hiddenSize, end * hiddenSize));
      word = end;
      continue;
    }
    const span = visual[segment.run];
    if (!span) continue;
    runs.push({ start: at / hiddenSize, ...runOf(span) });
    for (const part of span.parts) put(part);
  }
  return { embeddings, visual: runs };
}

/** Views that follow each other are taken as the steps of a clip. */
export const runOf = ({ parts, count, tokenRows = 1 }: VisualShare): Omit<VisualRun, 'start'> => ({
  count,
  rows: tokenRows,
  steps: parts.length,
});
