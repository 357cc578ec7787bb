/** The prompt as the language model reads it: words and visual tokens in turn. */
import type { Media } from '#engine/node/wire.ts';
import type { StageValue } from '../stages/stage-value.ts';
import { wordIds, type Prompt } from '../text/prompt.ts';
import type { LanguageModel, VisualRun } from './language-model.ts';

/** The visual tokens of one picture or clip, which lie together. */
export interface VisualSpan {
  readonly media: Media;
  /** Of its views in turn, each [N, D]. */
  readonly parts: readonly Float32Array[];
  readonly count: number;
}

export interface PromptSequence {
  readonly prompt: Prompt;
  /** By run; one that is left out is not read. */
  readonly visual: readonly VisualSpan[];
}

export interface EmbeddedSequence {
  /** [T, D] */
  readonly embeddings: Float32Array;
  readonly visual: readonly VisualRun[];
}

/** The visual tokens at a wire, by picture or clip. */
export function visualSpans(value: StageValue): readonly VisualSpan[] {
  if (value.kind !== 'tensors') return [];
  const spans: { item: number; media: Media; parts: Float32Array[]; count: number }[] = [];
  for (const { tensors, views } of value.batches) {
    const tensor = tensors[''];
    const [leading = 1, tokens = 0, channels = 0] = tensor?.dims ?? [];
    const data = tensor?.data as Float32Array;
    for (let view = 0; view < leading; view++) {
      const { item = 0, media = 'image' } = views[view] ?? {};
      let span = spans.at(-1);
      if (span?.item !== item || span.media !== media)
        spans.push((span = { item, media, parts: [], count: 0 }));
      const size = tokens * channels;
      span.parts.push(data.subarray(view * size, (view + 1) * size));
      span.count += tokens;
    }
  }
  return spans;
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
  const visualLength = visual
    .flatMap(({ parts }) => parts)
    .reduce((sum, { length }) => sum + length, 0);
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
    runs.push({ start: at / hiddenSize, count: span.count });
    for (const part of span.parts) put(part);
  }
  return { embeddings, visual: runs };
}
