/** What a language model did, in a few words each; what is not known is left out. Pure. */
import { formatMilliseconds, formatRate } from '../contract/format.ts';
import type { LanguageReport } from '../contract/report.ts';
import { draftText } from './draft-text.ts';
import { reusedText } from './reused-text.ts';

/** "12.3 ms to first token", "45.1 tokens / s" */
export function headlineFacts({
  timeToFirstTokenMs,
  decodeTokensPerSecond,
}: LanguageReport): readonly string[] {
  return [
    ...fact(timeToFirstTokenMs, (value) => `${formatMilliseconds(value)} to first token`),
    ...fact(decodeTokensPerSecond, (value) => `${formatRate(value)} tokens / s`),
  ];
}

/** "prefill 1 200 tokens / s", "12 tokens", "draft: 31 of 40 guesses kept" */
export function furtherFacts({
  prefillTokensPerSecond,
  answer,
  answers,
  choices,
  draft,
  reused,
}: LanguageReport): readonly string[] {
  return [
    ...fact(prefillTokensPerSecond, (value) => `prefill ${formatRate(value)} tokens / s`),
    ...(answer && choices === null
      ? [answers.length > 1 ? `${answers.length} answers` : tokensText(answer.tokenIds.length)]
      : []),
    ...(choices ? [`${choices.scores.length} choices`] : []),
    ...(draft ? [`draft: ${draftText(draft)}`] : []),
    ...(reused ? [`reused: ${reusedText(reused)}`] : []),
  ];
}

/** "1 token", "12 tokens" */
export const tokensText = (tokens: number): string =>
  tokens === 1 ? '1 token' : `${tokens} tokens`;

const fact = (value: number | null, text: (value: number) => string): readonly string[] =>
  value === null ? [] : [text(value)];
