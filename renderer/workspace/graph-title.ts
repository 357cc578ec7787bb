/** What a graph is called wherever the window names it. Pure. */
import type { GraphDocument } from '#engine/contract/document.ts';

/** Of a graph that nobody has named yet. */
export const untitled = 'Untitled';

export function graphTitle({ title }: Pick<GraphDocument, 'title'>): string {
  return title.trim() || untitled;
}
