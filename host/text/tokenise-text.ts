/** A text to the ids that a model reads, cut to what it may hold. */
import { fail, ok, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { TokeniseStep } from '#engine/node/host-step.ts';
import { standInTokenizer } from './stand-in-tokenizer.ts';
import { openTokenizer } from './open-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

/** BERT's, where nothing says how many ids are known. */
const usualVocabularySize = 30_522;

/** `folder` is that of the step's tokenizer, null for the one that stands in. */
export function openTextTokenizer(
  { vocabularySize }: TokeniseStep,
  folder: string | null,
): Promise<Outcome<Tokenizer>> {
  if (folder !== null) return openTokenizer(folder);
  return Promise.resolve(ok(standInTokenizer(vocabularySize ?? usualVocabularySize)));
}

/**
 * At least one id and at most `maxTokens`; what the tokenizer sets around a text stays where the text is cut. Fails with
 * `prompt-missing` where there is nothing to read, and with `tokenizer-unreadable` where the tokenizer belongs to
 * another model.
 */
export function tokeniseText(
  tokenizer: Tokenizer,
  text: string,
  { maxTokens, specialTokens, vocabularySize }: TokeniseStep,
): Outcome<readonly number[]> {
  const plain = tokenizer.encode(text, { addSpecialTokens: false });
  if (!plain.ok) return plain;
  const whole = specialTokens ? tokenizer.encode(text, { addSpecialTokens: true }) : plain;
  if (!whole.ok) return whole;
  const ids = cutWords(whole.value, plain.value, maxTokens);
  if (ids.length === 0) {
    const message =
      'The text is empty, so there is nothing to read; type one, or turn special tokens on.';
    return fail(error('prompt-missing', message, { port: 'text' }));
  }
  const strange = ids.find((id) => vocabularySize !== null && id >= vocabularySize);
  if (strange === undefined) return ok(ids);
  const message = `The tokenizer gives token ${strange}, what reads it knows tokens up to ${(vocabularySize ?? 0) - 1}; choose the tokenizer that belongs to it.`;
  return fail(error('tokenizer-unreadable', message, { param: 'tokenizer' }));
}

/** `whole` is `plain` with something before and behind it, which is kept. */
function cutWords(
  whole: readonly number[],
  plain: readonly number[],
  most: number,
): readonly number[] {
  const excess = whole.length - most;
  if (excess <= 0) return whole;
  const before = whole.findIndex((_, start) => plain.every((id, at) => whole[start + at] === id));
  const behind = before + plain.length;
  if (before < 0 || excess > plain.length) return whole.slice(0, most);
  return [...whole.slice(0, behind - excess), ...whole.slice(behind)];
}
