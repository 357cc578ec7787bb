/** Puts a node of the catalogue onto the canvas: from the palette, by drag, click or Enter. */
import type { GraphDocument } from '#engine/contract/document.ts';
import type { Catalogue } from '#engine/graph/node-definition.ts';
import { catalogue } from '#nodes/index.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { activeDocument, edit, select, workspace } from '#renderer/workspace/workspace-store.ts';
import { cardWidthPx, gridPx } from './card-geometry.ts';
import { middleOfView } from './canvas-view.ts';
import { addNodeEdits } from './new-node.ts';

/** The drag data that holds a node type. */
export const nodeDragType = 'application/x-patchbay-node';

type Position = Pick<GraphDocument['layout'][string], 'x' | 'y'>;

/** A card that comes to lie exactly on another hides it. */
const asidePx = 4 * gridPx;

/**
 * Adds a node as one step and selects it; `position` is the upper left corner in the graph's coordinates,
 * the middle of the view where none is given. Gives the new node's id, null where it could not be added.
 */
export function addNode(type: string, position?: Position): string | null {
  const open = activeDocument(workspace.getState());
  const known: Catalogue = catalogue;
  const definition = Object.hasOwn(known, type) ? known[type] : undefined;
  if (!open || !definition) return null;
  const { id, edits } = addNodeEdits(checkedGraph(open.document), {
    definition,
    position: freePlace(position ?? cornerAt(middleOfView()), open.document.layout),
    selection: open.selection,
  });
  if (!edit(`Add ${definition.title}`, edits)) return null;
  select([id]);
  return id;
}

/** The corner of a card whose head is at a place. */
export function cornerAt({ x, y }: Position): Position {
  return { x: x - cardWidthPx / 2, y: y - 16 };
}

function freePlace(wanted: Position, layout: Readonly<Record<string, Position>>): Position {
  let place = { x: onGrid(wanted.x), y: onGrid(wanted.y) };
  const isTaken = ({ x, y }: Position): boolean =>
    Object.values(layout).some((other) => other.x === x && other.y === y);
  while (isTaken(place)) place = { x: place.x + asidePx, y: place.y + asidePx };
  return place;
}

export const onGrid = (px: number): number => Math.round(px / gridPx) * gridPx;
