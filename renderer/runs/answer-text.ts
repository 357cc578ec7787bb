/** What a language model has answered, as far as is known. Pure. */
import type { Report } from '#engine/contract/report.ts';
import { isOver, type LiveRun } from './live-run.ts';

interface Run {
  readonly live: LiveRun;
  readonly report: Report;
}

/** Empty where it has not written a word. Between two passes the answer of the one before stays. */
export function answerText({ live, report }: Run, node: string): string {
  // Many tokenizers begin an answer with a space.
  const written = live.answers[node]?.trimStart() ?? '';
  if (written !== '') return written;
  return report.languageModels.find((model) => model.node === node)?.answer?.text ?? '';
}

/** In place of an answer that is not there: why it is not. */
export function whyNoAnswer({ live }: Pick<Run, 'live'>): string {
  if (!isOver(live)) return 'Not a word yet.';
  return live.status === 'finished'
    ? 'The model wrote nothing.'
    : 'The run ended before a word was written.';
}
