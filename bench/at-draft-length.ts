/** A graph whose draft models guess so many tokens ahead. */
import type { GraphDocument } from '#engine/contract/document.ts';

export function atDraftLength(document: GraphDocument, draftLength: number): GraphDocument {
  const nodes = Object.fromEntries(
    Object.entries(document.nodes).map(([id, node]) => [
      id,
      node.type === 'acceleration/draft-model'
        ? { ...node, params: { ...node.params, draftLength } }
        : node,
    ]),
  );
  return { ...document, nodes };
}
