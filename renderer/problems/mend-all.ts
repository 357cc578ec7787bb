/** All certain mends of a graph as one step. Pure. */
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Edit } from '#engine/contract/edit.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { applyEdits } from '#engine/graph/apply-edit.ts';

/**
 * Edits of every mend offered, in order. Where two mends touch the same parameter or wire the first one
 * counts, and one that no longer fits after those before it is left for another time.
 */
export function mendAll(document: GraphDocument, problems: readonly Problem[]): readonly Edit[] {
  const touched = new Set<string>();
  const edits: Edit[] = [];
  let mended = document;
  for (const { mend } of problems) {
    if (!mend) continue;
    const places = mend.edits.map(placeOf);
    if (places.some((place) => touched.has(place))) continue;
    const applied = applyEdits(mended, mend.edits);
    if (!applied.ok) continue;
    mended = applied.value.document;
    edits.push(...mend.edits);
    for (const place of places) touched.add(place);
  }
  return edits;
}

function placeOf(edit: Edit): string {
  if (edit.type === 'set-param') return JSON.stringify([edit.id, edit.param]);
  if (edit.type === 'connect' || edit.type === 'disconnect') return JSON.stringify(edit.edge);
  return JSON.stringify(edit);
}

export const mendCount = (problems: readonly Problem[]): number =>
  problems.filter(({ mend }) => mend).length;
