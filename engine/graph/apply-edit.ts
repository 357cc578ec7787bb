/** Applies an edit to a document and says which edits take it back. */
import { assertNever, fail, ok, type Outcome } from '../contract/outcome.ts';
import {
  documentLimits,
  type DocumentNode,
  type Edge,
  type GraphDocument,
} from '../contract/document.ts';
import { editSchema, type Edit } from '../contract/edit.ts';
import { error } from '../contract/problem.ts';

export interface AppliedEdit {
  readonly document: GraphDocument;
  /** Applied in order, these give the document back as it was. */
  readonly inverse: readonly Edit[];
}

type EditOf<Type extends Edit['type']> = Extract<Edit, { type: Type }>;
type Position = GraphDocument['layout'][string];

/** A document that can be read stays one: an edit that would break its schema or its limits fails. */
export function applyEdit(document: GraphDocument, edit: Edit): Outcome<AppliedEdit> {
  const issue = editSchema.safeParse(edit).error?.issues[0];
  if (issue) {
    const message = `This change cannot be made: its "${issue.path.join('.')}" is invalid: ${issue.message}.`;
    return fail(error('document-invalid', message));
  }
  switch (edit.type) {
    case 'add-node':
      return addNode(document, edit);
    case 'remove-node':
      return withNode(document, edit.id, (node) => removeNode(document, edit, node));
    case 'set-graph-title':
      return ok({
        document: { ...document, title: edit.title },
        inverse: [{ ...edit, title: document.title }],
      });
    case 'set-title':
      return withNode(document, edit.id, (node) => {
        const { title, ...rest } = node;
        const changed = edit.title === null ? rest : { ...rest, title: edit.title };
        return {
          document: replaceNode(document, edit.id, changed),
          inverse: [{ type: 'set-title', id: edit.id, title: title ?? null }],
        };
      });
    case 'set-param':
      return withNode(document, edit.id, (node) => {
        const old = own(node.params, edit.param);
        const params =
          edit.remove === true
            ? without(node.params, edit.param)
            : { ...node.params, [edit.param]: edit.value };
        return {
          document: replaceNode(document, edit.id, { ...node, params }),
          inverse: [{ ...edit, value: old ?? null, remove: old === undefined }],
        };
      });
    case 'move-node':
      return withNode(document, edit.id, () => {
        const old = own(document.layout, edit.id);
        const position =
          old && edit.position ? { ...old, ...pointOf(edit.position) } : edit.position;
        return {
          document: { ...document, layout: placed(document, edit.id, position) },
          inverse: [{ ...edit, position: old ?? null }],
        };
      });
    case 'connect':
      return connect(document, edit);
    case 'disconnect':
      return disconnect(document, edit);
    default:
      return assertNever(edit);
  }
}

/** Several edits as one step; all of them or, at the first that fails, none. */
export function applyEdits(document: GraphDocument, edits: readonly Edit[]): Outcome<AppliedEdit> {
  let current = document;
  const inverse: Edit[] = [];
  for (const edit of edits) {
    const applied = applyEdit(current, edit);
    if (!applied.ok) return applied;
    current = applied.value.document;
    inverse.unshift(...applied.value.inverse);
  }
  return ok({ document: current, inverse });
}

export function sameEdge(a: Edge, b: Edge): boolean {
  return (
    a.from.node === b.from.node &&
    a.from.port === b.from.port &&
    a.to.node === b.to.node &&
    a.to.port === b.to.port
  );
}

function addNode(
  document: GraphDocument,
  { id, node, position, index }: EditOf<'add-node'>,
): Outcome<AppliedEdit> {
  if (Object.hasOwn(document.nodes, id)) {
    const message = `There already is a node "${id}"; choose another id.`;
    return fail(error('document-invalid', message, { node: id }));
  }
  if (Object.keys(document.nodes).length >= documentLimits.nodes) {
    const message = `A graph may have at most ${documentLimits.nodes} nodes; split it.`;
    return fail(error('document-invalid', message));
  }
  const old = own(document.layout, id);
  return ok({
    document: {
      ...document,
      nodes: inserted(document.nodes, index, [id, node]),
      layout: placed(document, id, position),
    },
    // A place and wires that were at this id until now are the node's, and would go with it.
    inverse: [{ type: 'remove-node', id, ...(old && { leaves: old }) }, ...reconnect(document, id)],
  });
}

/** A node goes with its wires; taking it back brings them back. */
function removeNode(
  document: GraphDocument,
  { id, leaves }: EditOf<'remove-node'>,
  node: DocumentNode,
): AppliedEdit {
  const position = own(document.layout, id) ?? null;
  return {
    document: {
      ...document,
      nodes: without(document.nodes, id),
      layout: placed(document, id, leaves ?? null),
      edges: document.edges.filter((edge) => !touches(edge, id)),
    },
    inverse: [
      { type: 'add-node', id, node, position, index: Object.keys(document.nodes).indexOf(id) },
      ...reconnect(document, id),
    ],
  };
}

/** Puts every wire of a node back where it was. */
function reconnect({ edges }: GraphDocument, id: string): readonly Edit[] {
  return edges.flatMap((edge, index): readonly Edit[] =>
    touches(edge, id) ? [{ type: 'connect', edge, index }] : [],
  );
}

function connect(
  document: GraphDocument,
  { edge, index }: EditOf<'connect'>,
): Outcome<AppliedEdit> {
  const { edges } = document;
  if (edges.length >= documentLimits.edges) {
    const message = `A graph may have at most ${documentLimits.edges} wires; split it.`;
    return fail(error('document-invalid', message));
  }
  const at = Math.min(index ?? edges.length, edges.length);
  return ok({
    document: { ...document, edges: edges.toSpliced(at, 0, edge) },
    inverse: [{ type: 'disconnect', edge, index: at }],
  });
}

function disconnect(
  document: GraphDocument,
  { edge, index }: EditOf<'disconnect'>,
): Outcome<AppliedEdit> {
  const { edges } = document;
  const at = index ?? edges.findLastIndex((other) => sameEdge(other, edge));
  const found = edges[at];
  if (!found || !sameEdge(found, edge)) {
    const place = { node: edge.to.node, port: edge.to.port };
    return fail(error('wire-dangling', 'There is no such wire to remove.', place));
  }
  return ok({
    document: { ...document, edges: edges.toSpliced(at, 1) },
    inverse: [{ type: 'connect', edge: found, index: at }],
  });
}

const touches = ({ from, to }: Edge, id: string): boolean => from.node === id || to.node === id;

function inserted<Item>(
  items: Readonly<Record<string, Item>>,
  index: number | undefined,
  added: readonly [key: string, item: Item],
): Readonly<Record<string, Item>> {
  const entries = Object.entries(items);
  return Object.fromEntries(entries.toSpliced(index ?? entries.length, 0, [...added]));
}

function replaceNode(document: GraphDocument, id: string, node: DocumentNode): GraphDocument {
  return { ...document, nodes: { ...document.nodes, [id]: node } };
}

function placed(
  { layout }: GraphDocument,
  id: string,
  position: Position | null,
): GraphDocument['layout'] {
  return position === null ? without(layout, id) : { ...layout, [id]: position };
}

/** What else a place holds is none of a move's business, whose undoing would not take it away. */
const pointOf = ({ x, y }: Position): Position => ({ x, y });

function without<Item>(
  items: Readonly<Record<string, Item>>,
  key: string,
): Readonly<Record<string, Item>> {
  const { [key]: _, ...rest } = items;
  return rest;
}

/** An id may be a name that every object inherits, such as `constructor`. */
function own<Item>(items: Readonly<Record<string, Item>>, key: string): Item | undefined {
  return Object.hasOwn(items, key) ? items[key] : undefined;
}

function withNode(
  document: GraphDocument,
  id: string,
  apply: (node: DocumentNode) => AppliedEdit,
): Outcome<AppliedEdit> {
  const node = own(document.nodes, id);
  return node
    ? ok(apply(node))
    : fail(error('node-unknown', `There is no node "${id}" in the graph.`, { node: id }));
}
