/** What a language model has answered, as far as is known. Pure. */
import type { Report } from '#engine/contract/report.ts';
import type { LiveRun } from './live-run.ts';

/** Empty where it has not written a word. Between two passes the answer of the one before stays. */
export function answerText(
  { live, report }: { readonly live: LiveRun; readonly report: Report },
  node: string,
): string {
  // Many tokenizers begin an answer with a space.
  const written = live.answers[node]?.trimStart() ?? '';
  if (written !== '') return written;
  return report.languageModels.find((model) => model.node === node)?.answer?.text ?? '';
}
