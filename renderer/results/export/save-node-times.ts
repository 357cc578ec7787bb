/** Saves what the nodes of a profiled run's graphs took, and says what of it has no node. */
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Report } from '#engine/contract/report.ts';
import { nodeTimes, unplacedSentence } from '#engine/export/node-times.ts';
import { catalogue } from '#nodes/index.ts';
import { tell, tellProblems } from '#renderer/notices/notices.ts';
import { saveText } from './save-text.ts';

export function saveNodeTimes(fileName: string, report: Report, document: GraphDocument): void {
  const times = nodeTimes(report, document, catalogue);
  if (!times.ok) return tellProblems(times.problems);
  const { text, unplacedShare } = times.value;
  saveText(fileName, 'application/json', text);
  if (unplacedShare > 0) tell(unplacedSentence(unplacedShare));
}
