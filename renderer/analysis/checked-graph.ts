/** The check of a graph as the canvas, the forms and the problems panel read it: once for each state of the graph. */
import type { GraphDocument } from '#engine/contract/document.ts';
import { checkGraph, type CheckedGraph } from '#engine/graph/check.ts';
import { catalogue } from '#nodes/index.ts';

const known = new WeakMap<GraphDocument, CheckedGraph>();

export function checkedGraph(document: GraphDocument): CheckedGraph {
  let checked = known.get(document);
  if (!checked) {
    checked = checkGraph(document, catalogue);
    known.set(document, checked);
  }
  return checked;
}
