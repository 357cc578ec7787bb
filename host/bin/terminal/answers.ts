/** What a language model answered, as lines: one answer, several, or given ones with how likely each is. */
import { formatMilliseconds } from '#engine/contract/format.ts';
import type { LanguageReport } from '#engine/contract/report.ts';
import type { ScoredChoices } from '#engine/contract/run-event.ts';
import { choiceShares, type ChoiceShare } from '#engine/profile/choice-shares.ts';
import { bar, formatTable } from './table.ts';

const barColumns = 16;

export function answerLines(
  heading: string,
  { answer, answers, choices, hasRandomWeights }: LanguageReport,
): readonly string[] {
  if (!answer) return [];
  const warning = '(Random weights: timing is real, these words mean nothing.)';
  const written =
    answers.length > 1
      ? answers.flatMap(({ text, writingMs }, index) => [
          ...(index > 0 ? [''] : []),
          `${index + 1} of ${answers.length}, written in ${formatMilliseconds(writingMs)}`,
          text.trim(),
        ])
      : [answer.text.trim()];
  return [
    '',
    heading,
    ...written,
    ...(choices ? ['', choiceTable(choices)] : []),
    ...(hasRandomWeights ? [warning] : []),
  ];
}

function choiceTable(choices: ScoredChoices): string {
  return formatTable<ChoiceShare>(
    [
      { title: 'choice', align: 'left', text: ({ text }) => text },
      { title: 'log-likelihood', align: 'right', text: ({ sum }) => sum.toFixed(3) },
      { title: 'a token', align: 'right', text: ({ mean }) => mean.toFixed(3) },
      { title: 'share', align: 'right', text: ({ share }) => `${(100 * share).toFixed(1)}%` },
      { title: '', align: 'left', text: ({ share }) => bar(share, barColumns) },
    ],
    choiceShares(choices),
  );
}
