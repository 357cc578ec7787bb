/** Puts a node of the catalogue onto the canvas: from the palette, by drag, click or Enter. */
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Edit } from '#engine/contract/edit.ts';
import { applyEdits } from '#engine/graph/apply-edit.ts';
import { checkGraph } from '#engine/graph/check.ts';
import type { Catalogue } from '#engine/node/any-node-definition.ts';
import { catalogue } from '#nodes/index.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { activeDocument, edit, select, workspace } from '#renderer/workspace/workspace-store.ts';
import { bringIntoView, middleOfView } from '#renderer/canvas/flow/canvas-view.ts';
import { projectModels } from '#renderer/canvas/flow/projection.ts';
import { cardWidthPx } from '#renderer/canvas/card/card-geometry.ts';
import { freePlace, notHiding, type Place, type TakenPlace } from './free-place.ts';
import { addNodeEdits } from './new-node.ts';
import { shownGraph } from './shown-graph.ts';

/** The drag data that holds a node type. */
export const nodeDragType = 'application/x-patchbay-node';

/**
 * Adds a node as one step and selects it; `position` is the upper left corner in the graph's coordinates,
 * room near the middle of the view where none is given. Gives the new node's id, null where it could not be added.
 */
export function addNode(type: string, position?: Place): string | null {
  const open = activeDocument(workspace.getState());
  const known: Catalogue = catalogue;
  const definition = Object.hasOwn(known, type) ? known[type] : undefined;
  if (!open || !definition) return null;
  const { id, edits } = addNodeEdits(checkedGraph(open.document), {
    definition,
    selection: open.selection,
  });
  const height = cardHeight(open.document, id, edits);
  const taken = takenPlaces(open);
  const { x, y } = position
    ? notHiding(position, taken)
    : freePlace({ ...cornerAt(middleOfView()), height }, taken);
  const placed: Edit = { type: 'move-node', id, position: { x, y } };
  if (!edit(`Add ${definition.title}`, [...edits, placed])) return null;
  select([id]);
  if (!position) bringIntoView({ x, y, width: cardWidthPx, height }, taken);
  return id;
}

/** Of a card that is about to be added, with what will be wrong with it at first. */
function cardHeight(document: GraphDocument, id: string, edits: readonly Edit[]): number {
  const added = applyEdits(document, edits);
  if (!added.ok) return 0;
  const checked = checkGraph(added.value.document, catalogue);
  const { cards } = projectModels({ checked, problems: checked.problems, estimate: null });
  return cards.find((card) => card.id === id)?.geometry.height ?? 0;
}

/** The corner of a card whose head is at a place. */
export function cornerAt({ x, y }: Place): Place {
  return { x: x - cardWidthPx / 2, y: y - 16 };
}

function takenPlaces(open: OpenDocument): readonly (TakenPlace & { readonly width: number })[] {
  const { models, places } = shownGraph(open);
  return models.cards.map(({ id, geometry }) => ({
    x: places[id]?.x ?? 0,
    y: places[id]?.y ?? 0,
    width: cardWidthPx,
    height: geometry.height,
  }));
}
