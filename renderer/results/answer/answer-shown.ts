/** The answers of a run as they are shown, one a language model: so far, or whole, or why there is none. Pure. */
import type { LanguageReport, Report, SampledAnswer } from '#engine/contract/report.ts';
import { isDecoding, type ScoredChoices } from '#engine/contract/run-event.ts';
import { languageTitles } from '#engine/profile/language-titles.ts';
import { answerTexts, joinedAnswers, whyNoAnswer } from '#renderer/runs/answer-text.ts';
import { isOver, type LiveRun } from '#renderer/runs/live-run.ts';

export interface AnswerShown {
  /** What tells the model from the others of the run. */
  readonly title: string;
  readonly model: LanguageReport;
  /** One, or several to the same prompt. */
  readonly texts: readonly string[];
  /** All of them as one; empty before a word is written. */
  readonly text: string;
  /** Of each text, how many tokens and how long it took; none while they are written. */
  readonly written: readonly SampledAnswer[];
  /** Given answers with their scores; null where the answer was written, or none is chosen yet. */
  readonly choices: ScoredChoices | null;
  /** "streaming" or "running" while the run is at this model; else empty. */
  readonly state: string;
  /** In place of a text that is not there. */
  readonly instead: string;
}

export interface AnswersShown {
  /** One word beside the heading. */
  readonly state: string;
  readonly answers: readonly AnswerShown[];
  /** In place of answers where there is no language model. */
  readonly instead: string;
}

export function answersShown(
  run: { readonly live: LiveRun; readonly report: Report } | null,
): AnswersShown {
  if (!run)
    return { state: '', answers: [], instead: 'After a run, the model’s answer stands here.' };
  const { live, report } = run;
  const titles = languageTitles(report.languageModels);
  return {
    state: isOver(live) ? endWord(live) : goingWord(live),
    answers: report.languageModels.map((model) => {
      const texts = answerTexts(run, model.node);
      return {
        title: titles.get(model.node) ?? model.title,
        model,
        texts,
        text: joinedAnswers(texts),
        // In a pass that goes on, those of the pass before belong to other words.
        written: isOver(live) ? model.answers : [],
        choices: model.choices,
        state: !isOver(live) && currentFacts(live)?.node === model.node ? goingWord(live) : '',
        instead: whyNoAnswer(run),
      };
    }),
    instead: isOver(live) ? 'No language model ran, so there is no answer.' : whyNoAnswer(run),
  };
}

const currentFacts = ({ current, stages }: LiveRun) => stages[current ?? '']?.facts;

const endWord = ({ status }: LiveRun): string => (status === 'finished' ? 'done' : status);

function goingWord(live: LiveRun): string {
  const facts = currentFacts(live);
  return facts && isDecoding(facts) ? 'streaming' : 'running';
}
