/** Gives a graph to the browser as a download: a copy, so the graph stays as saved or unsaved as it was. */
import type { GraphDocument } from '#engine/contract/document.ts';
import { writeDocument } from '#engine/graph/read-document.ts';
import { tell } from '#renderer/notices/notices.ts';
import { fileNameOf } from './file-names.ts';

/** Browsers begin a download at once, but some read the content only after the click is over. */
const keptMs = 60_000;

export function exportJson(graph: GraphDocument): void {
  const name = fileNameOf(graph.title);
  const content = new Blob([writeDocument(graph)], { type: 'application/json' });
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), keptMs);
  tell(`Exported ${name}.`);
}
