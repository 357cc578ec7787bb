/** The answer of a run as it is shown: so far, or whole, or why there is none. Pure. */
import type { Report } from '#engine/contract/report.ts';
import { isOver, type LiveRun } from '#renderer/runs/live-run.ts';

export interface AnswerShown {
  readonly text: string;
  /** One word beside the heading. */
  readonly state: string;
  /** In place of a text that is not there. */
  readonly instead: string;
}

export function answerShown(
  run: { readonly live: LiveRun; readonly report: Report } | null,
): AnswerShown {
  if (!run) return { text: '', state: '', instead: 'After a run, the model’s answer stands here.' };
  const { live, report } = run;
  // Many tokenizers begin an answer with a space. Between two passes the answer of the one before stays.
  const text = live.answer.trimStart() || report.answer?.text || '';
  return { text, state: stateWord(live), instead: insteadOf(live, report) };
}

function stateWord(live: LiveRun): string {
  if (!isOver(live)) return live.current?.endsWith('/decode') === true ? 'streaming' : 'running';
  return live.status === 'finished' ? 'done' : live.status;
}

function insteadOf(live: LiveRun, { answer, stages }: Report): string {
  if (!isOver(live)) return 'Not a word yet.';
  if (live.status !== 'finished') return 'The run ended before a word was written.';
  if (answer) return 'The model wrote nothing.';
  return stages.some(({ id }) => id.endsWith('/decode'))
    ? 'The model wrote nothing.'
    : 'No language model ran, so there is no answer.';
}
