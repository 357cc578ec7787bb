import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TokeniseStep } from '#engine/node/host-step.ts';
import { valueOf } from '#verify/value-of.testing.ts';
import { packageRoot } from '../system/package-root.ts';
import { openTextTokenizer, tokeniseText } from './tokenise-text.ts';

const wordpiece = join(packageRoot, 'verify', 'recorded', 'tokenizer', 'wordpiece');

const step: TokeniseStep = {
  kind: 'tokenise',
  tokenizer: { kind: 'checkpoint', folder: wordpiece },
  maxTokens: 128,
  specialTokens: true,
  vocabularySize: null,
};
const bert = valueOf(await openTextTokenizer(step, wordpiece));
const question = 'What colour is the cat?';

const idsOf = (text: string, changes: Partial<TokeniseStep> = {}) =>
  valueOf(tokeniseText(bert, text, { ...step, ...changes }));

const sentences = (text: string, changes: Partial<TokeniseStep>): readonly string[] => {
  const outcome = tokeniseText(bert, text, { ...step, ...changes });
  return outcome.ok ? [] : outcome.problems.map(({ message }) => message);
};

test('special tokens stand around the text, or not', () => {
  const plain = idsOf(question, { specialTokens: false });
  const [begin, end] = ['[CLS]', '[SEP]'].map((token) => bert.idOf(token));
  expect(idsOf(question)).toEqual([begin, ...plain, end]);
});

test('a text that is too long loses its last words and keeps what stands around it', () => {
  const plain = idsOf(question, { specialTokens: false });
  const [begin, end] = ['[CLS]', '[SEP]'].map((token) => bert.idOf(token));
  expect(idsOf(question, { maxTokens: 5 })).toEqual([begin, ...plain.slice(0, 3), end]);
  expect(idsOf(question, { maxTokens: 2 })).toEqual([begin, end]);
  expect(idsOf(question, { maxTokens: 1 })).toEqual([begin]);
  expect(idsOf(question, { maxTokens: 3, specialTokens: false })).toEqual(plain.slice(0, 3));
});

test('nothing to read, and words that the reader does not know, are told', () => {
  expect(sentences('', { specialTokens: false })).toEqual([
    'The text is empty, so there is nothing to read; type one, or turn special tokens on.',
  ]);
  expect(idsOf('')).toHaveLength(2);
  const largest = Math.max(...idsOf(question));
  expect(idsOf(question, { vocabularySize: largest + 1 })).toContain(largest);
  expect(sentences(question, { vocabularySize: largest })).toEqual([
    `The tokenizer gives token ${largest}, what reads it knows tokens up to ${largest - 1}; choose the tokenizer that belongs to it.`,
  ]);
});

test('what stands in for a tokenizer keeps to the words that the reader knows', async () => {
  const random = { ...step, tokenizer: { kind: 'random', seed: 0 }, vocabularySize: 40 } as const;
  const standIn = valueOf(await openTextTokenizer(random, null));
  const ids = valueOf(tokeniseText(standIn, question.repeat(40), random));
  expect(ids).toHaveLength(random.maxTokens);
  expect(Math.max(...ids)).toBeLessThan(40);
});
