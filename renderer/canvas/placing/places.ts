/** Where cards lie: as the graph says, or where they were put for want of a place, which changes nothing in the graph. */
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Edit } from '#engine/contract/edit.ts';
import type { Layout, Models } from '#renderer/canvas/flow/projection.ts';
import { whenDocumentGone } from '#renderer/workspace/document-gone.ts';
import { placesFor } from './auto-layout.ts';

/** By open graph. A card stays where it was put until it is moved, whatever is wired meanwhile. */
const derived = new Map<string, Layout>();
whenDocumentGone((id) => derived.delete(id));

export function placesOf(documentId: string, document: GraphDocument, models: Models): Layout {
  const { layout } = document;
  if (models.cards.every(({ id }) => Object.hasOwn(layout, id))) return layout;
  const before = derived.get(documentId) ?? {};
  const known = { ...before, ...layout };
  const fresh = placesFor(models, known);
  if (Object.keys(fresh).length > 0) derived.set(documentId, { ...before, ...fresh });
  return { ...known, ...fresh };
}

/**
 * Moves cards. Those that the graph holds no place for get theirs written down with the first that is moved,
 * or they would lie elsewhere when the graph is opened again.
 */
export function moveEdits(document: GraphDocument, places: Layout, moved: Layout): readonly Edit[] {
  const settled = Object.entries(places).filter(
    ([id]) => !Object.hasOwn(document.layout, id) && !Object.hasOwn(moved, id),
  );
  return [...Object.entries(moved), ...settled]
    .filter(([id]) => Object.hasOwn(document.nodes, id))
    .map(([id, { x, y }]) => ({ type: 'move-node', id, position: { x, y } }));
}
