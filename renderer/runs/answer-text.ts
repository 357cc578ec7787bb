/** What a language model has answered, as far as is known. Pure. */
import type { Report } from '#engine/contract/report.ts';
import { isOver, type LiveRun } from './live-run.ts';

interface Run {
  readonly live: LiveRun;
  readonly report: Report;
}

/** None where it has not written a word. Between two passes the answers of the one before stay. */
export function answerTexts({ live, report }: Run, node: string): readonly string[] {
  // Many tokenizers begin an answer with a space.
  const written = (live.answers[node] ?? []).map((text) => text.trimStart());
  if (written.some((text) => text !== '')) return written;
  const model = report.languageModels.find((each) => each.node === node);
  return (model?.answers ?? []).map(({ text }) => text);
}

/** As one text, each of several with its number. */
export function joinedAnswers(texts: readonly string[]): string {
  if (texts.length < 2) return texts[0] ?? '';
  return texts.map((text, index) => `${index + 1}. ${text}`).join('\n');
}

/** In place of an answer that is not there: why it is not. */
export function whyNoAnswer({ live }: Pick<Run, 'live'>): string {
  if (!isOver(live)) return 'Not a word yet.';
  return live.status === 'finished'
    ? 'The model wrote nothing.'
    : 'The run ended before a word was written.';
}
