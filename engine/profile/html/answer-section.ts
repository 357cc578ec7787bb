/** What the language models of a run answered, each with what it took. Pure. */
import { formatMilliseconds } from '../../contract/format.ts';
import type { LanguageReport, Report } from '../../contract/report.ts';
import type { ScoredChoices } from '../../contract/run-event.ts';
import { choiceShares, type ChoiceShare } from '../choice-shares.ts';
import { formatPercent } from '../format-ratio.ts';
import { furtherFacts, headlineFacts, tokensText } from '../language-facts.ts';
import { languageTitles } from '../language-titles.ts';
import { barsOf } from './bars.ts';
import { markup, type Markup } from './markup.ts';
import { htmlTable, type Column } from './table.ts';

export function answerSection({ languageModels }: Report): Markup | null {
  if (languageModels.length === 0) return null;
  const titles = languageTitles(languageModels);
  const models = languageModels.map(
    (model) => markup`<h3>${titles.get(model.node) ?? model.title}</h3>
${texts(model)}
${model.choices && choiceTable(model.choices)}
${model.answer && model.hasRandomWeights ? markup`<p class="note">Random weights: these words mean nothing.</p>` : null}
${factLine(model)}`,
  );
  return markup`<section><h2>${languageModels.length > 1 ? 'Answers' : 'Answer'}</h2>
${models}</section>`;
}

function texts({ answer, answers }: LanguageReport): Markup {
  if (!answer) return markup`<p class="quiet">It wrote no answer.</p>`;
  if (answers.length < 2) return markup`<div class="answer">${answer.text.trim()}</div>`;
  return markup`${answers.map(
    ({ text, tokenIds, writingMs }, place) => markup`<div class="answer">${text.trim()}</div>
<p class="quiet">${place + 1} of ${answers.length} · ${tokensText(tokenIds.length)} · ${formatMilliseconds(writingMs)}</p>\n`,
  )}`;
}

function factLine(model: LanguageReport): Markup | null {
  const facts = [...headlineFacts(model), ...furtherFacts(model)];
  return facts.length > 0 ? markup`<p class="quiet">${facts.join(' · ')}</p>` : null;
}

function choiceTable(choices: ScoredChoices): Markup {
  const hue = 'var(--language)';
  const columns: readonly Column<ChoiceShare>[] = [
    { title: 'choice', cell: ({ text }) => text },
    { title: 'log-likelihood', look: 'number', cell: ({ sum }) => sum.toFixed(3) },
    { title: 'a token', look: 'number', cell: ({ mean }) => mean.toFixed(3) },
    { title: 'share', look: 'number', cell: ({ share }) => formatPercent(share) },
    {
      title: 'of all choices',
      look: 'chart',
      cell: ({ share }) => barsOf([{ start: 0, width: share, hue }]),
    },
  ];
  return htmlTable('How likely the given answers are', columns, choiceShares(choices));
}
