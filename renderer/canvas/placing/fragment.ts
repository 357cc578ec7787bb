/** Nodes on the clipboard. A fragment is a graph of its own, so a copied one is also a file, and a file can be pasted. Pure. */
import { documentLimits, type GraphDocument, type PortRef } from '#engine/contract/document.ts';
import type { Edit } from '#engine/contract/edit.ts';
import { fail, type Outcome } from '#engine/contract/outcome.ts';
import { error } from '#engine/contract/problem.ts';
import type { Catalogue } from '#engine/node/any-node-definition.ts';
import { readDocument } from '#engine/graph/read-document.ts';
import { cardWidthPx, gridPx } from '#renderer/canvas/card/card-geometry.ts';
import type { Layout } from '#renderer/canvas/flow/projection.ts';
import { freeId } from './new-node.ts';

/** The chosen nodes with their places and the wires between them. */
export function fragmentOf(
  document: GraphDocument,
  places: Layout,
  ids: ReadonlySet<string>,
): GraphDocument {
  const chosen = <Item>(items: Readonly<Record<string, Item>>): Record<string, Item> =>
    Object.fromEntries(Object.entries(items).filter(([id]) => ids.has(id)));
  return {
    format: 'patchbay',
    version: document.version,
    title: `From ${document.title}`.slice(0, documentLimits.titleCharacters),
    about: '',
    nodes: chosen(document.nodes),
    edges: document.edges.filter(({ from, to }) => ids.has(from.node) && ids.has(to.node)),
    layout: chosen(places),
    notes: [],
  };
}

/** Text from the clipboard, which may be anything. */
export function readFragment(text: string, catalogue: Catalogue): Outcome<GraphDocument> {
  const read = readDocument(text, catalogue);
  if (!read.ok) {
    const [problem] = read.problems;
    if (problem?.code === 'document-newer') return read;
    const what = text.trim() === '' ? 'The clipboard is empty' : 'The clipboard holds no nodes';
    return fail(error('document-foreign', `${what}; copy nodes in Patchbay first, then paste.`));
  }
  if (Object.keys(read.value.nodes).length === 0)
    return fail(
      error('document-foreign', 'The graph on the clipboard is empty; copy nodes first.'),
    );
  return read;
}

interface Paste {
  /** The ids that the nodes have got, in the order of the fragment. */
  readonly ids: readonly string[];
  readonly edits: readonly Edit[];
}

interface Place {
  readonly x: number;
  readonly y: number;
}

/** Adds a fragment under ids that are free, moved by `offset`. */
export function pasteEdits(document: GraphDocument, fragment: GraphDocument, offset: Place): Paste {
  const taken: Record<string, unknown> = { ...document.nodes };
  const ids = new Map<string, string>();
  const adds = Object.entries(fragment.nodes).map(([old, node]): Edit => {
    const id = freeId(old, taken);
    taken[id] = node;
    ids.set(old, id);
    const place = Object.hasOwn(fragment.layout, old) ? fragment.layout[old] : undefined;
    const position = place ? { x: place.x + offset.x, y: place.y + offset.y } : null;
    return { type: 'add-node', id, node, position };
  });
  const renamed = (ref: PortRef): PortRef => ({ ...ref, node: ids.get(ref.node) as string });
  const connects = fragment.edges
    .filter(({ from, to }) => ids.has(from.node) && ids.has(to.node))
    .map((edge): Edit => {
      const pasted = { ...edge, from: renamed(edge.from), to: renamed(edge.to) };
      return { type: 'connect', edge: pasted };
    });
  return { ids: [...ids.values()], edits: [...adds, ...connects] };
}

/** A little aside, again and again until no pasted card hides one that is there. */
export function pasteOffset(fragment: GraphDocument, places: Layout): Place {
  const taken = new Set(Object.values(places).map(({ x, y }) => `${x},${y}`));
  const wanted = Object.values(fragment.layout);
  let aside: number = 4 * gridPx;
  while (wanted.some(({ x, y }) => taken.has(`${x + aside},${y + aside}`))) aside += 4 * gridPx;
  return { x: aside, y: aside };
}

/** The offset that brings the middle of a fragment to a place, on the grid. */
export function offsetTo(fragment: GraphDocument, middle: Place): Place {
  const places = Object.values(fragment.layout);
  if (places.length === 0) return { x: 0, y: 0 };
  const between = (values: readonly number[]): number =>
    (Math.min(...values) + Math.max(...values)) / 2;
  const snap = (px: number): number => Math.round(px / gridPx) * gridPx;
  return {
    x: snap(middle.x - between(places.map(({ x }) => x)) - cardWidthPx / 2),
    y: snap(middle.y - between(places.map(({ y }) => y)) - 60),
  };
}
