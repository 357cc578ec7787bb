/** The prompt as the language model reads it: words and visual tokens in turn. */
import type { Prompt } from '../text/prompt.ts';
import type { LanguageModel, VisualRun } from './language-model.ts';

/** Visual tokens that lie together. */
export interface VisualSpan {
  /** [count, D] */
  readonly data: Float32Array;
  readonly count: number;
}

export interface PromptSequence {
  readonly prompt: Prompt;
  readonly visual: readonly VisualSpan[];
}

export interface EmbeddedSequence {
  /** [T, D] */
  readonly embeddings: Float32Array;
  readonly visual: readonly VisualRun[];
}

/** Embeddings of the words, with the visual tokens between them. */
export async function embedSequence(
  model: LanguageModel,
  { prompt: { before, after }, visual }: PromptSequence,
): Promise<EmbeddedSequence> {
  const words = await model.embed([...before, ...after]);
  if (visual.length === 0) return { embeddings: words, visual: [] };
  const cut = (words.length / (before.length + after.length)) * before.length;
  const pictures = visual.reduce((sum, { data }) => sum + data.length, 0);
  const embeddings = new Float32Array(words.length + pictures);
  embeddings.set(words.subarray(0, cut));
  let at = cut;
  for (const { data } of visual) {
    embeddings.set(data, at);
    at += data.length;
  }
  embeddings.set(words.subarray(cut), at);
  const count = visual.reduce((sum, span) => sum + span.count, 0);
  return { embeddings, visual: [{ start: before.length, count }] };
}
