/** Applies an edit to a document and says which edits take it back. */
import { assertNever, fail, ok, type Outcome } from '../contract/outcome.ts';
import type { DocumentNode, Edge, GraphDocument } from '../contract/document.ts';
import type { Edit } from '../contract/edit.ts';
import { error } from '../contract/problem.ts';

export interface AppliedEdit {
  readonly document: GraphDocument;
  /** Applied in order, these give the document back as it was. */
  readonly inverse: readonly Edit[];
}

const atOrigin = { x: 0, y: 0 };

export function applyEdit(document: GraphDocument, edit: Edit): Outcome<AppliedEdit> {
  switch (edit.type) {
    case 'add-node': {
      if (Object.hasOwn(document.nodes, edit.id)) return taken(edit.id);
      const nodes = { ...document.nodes, [edit.id]: edit.node };
      const layout = { ...document.layout, [edit.id]: edit.position };
      return ok({
        document: { ...document, nodes, layout },
        inverse: [{ type: 'remove-node', id: edit.id }],
      });
    }
    case 'remove-node':
      return withNode(document, edit.id, (node) => ok(removeNode(document, edit.id, node)));
    case 'set-title':
      return withNode(document, edit.id, (node) => {
        const { title, ...rest } = node;
        const changed = edit.title === null ? rest : { ...rest, title: edit.title };
        const inverse: Edit = { type: 'set-title', id: edit.id, title: title ?? null };
        return ok({ document: replaceNode(document, edit.id, changed), inverse: [inverse] });
      });
    case 'set-param':
      return withNode(document, edit.id, (node) => {
        const had = Object.hasOwn(node.params, edit.param);
        const { [edit.param]: old = null, ...rest } = node.params;
        const params = edit.remove === true ? rest : { ...node.params, [edit.param]: edit.value };
        const inverse: Edit = { ...edit, value: old, remove: !had };
        return ok({
          document: replaceNode(document, edit.id, { ...node, params }),
          inverse: [inverse],
        });
      });
    case 'move-node':
      return withNode(document, edit.id, () => {
        const layout = { ...document.layout, [edit.id]: edit.position };
        const position = document.layout[edit.id] ?? atOrigin;
        return ok({ document: { ...document, layout }, inverse: [{ ...edit, position }] });
      });
    case 'connect': {
      if (document.edges.some((edge) => sameEdge(edge, edit.edge))) {
        return fail(error('input-taken', 'These two ports are already wired.', placeOf(edit.edge)));
      }
      const edges = [...document.edges, edit.edge];
      return ok({ document: { ...document, edges }, inverse: [{ ...edit, type: 'disconnect' }] });
    }
    case 'disconnect': {
      const found = document.edges.find((edge) => sameEdge(edge, edit.edge));
      if (!found) {
        return fail(error('wire-dangling', 'There is no such wire to remove.', placeOf(edit.edge)));
      }
      const edges = document.edges.filter((edge) => edge !== found);
      return ok({
        document: { ...document, edges },
        inverse: [{ type: 'connect', edge: found }],
      });
    }
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

/** A node goes with its wires; taking it back brings them back. */
function removeNode(document: GraphDocument, id: string, node: DocumentNode): AppliedEdit {
  const { [id]: _node, ...nodes } = document.nodes;
  const { [id]: position = atOrigin, ...layout } = document.layout;
  const attached = document.edges.filter(({ from, to }) => from.node === id || to.node === id);
  const edges = document.edges.filter((edge) => !attached.includes(edge));
  const restore: Edit = { type: 'add-node', id, node, position };
  const reconnect = attached.map((edge): Edit => ({ type: 'connect', edge }));
  return { document: { ...document, nodes, layout, edges }, inverse: [restore, ...reconnect] };
}

function replaceNode(document: GraphDocument, id: string, node: DocumentNode): GraphDocument {
  return { ...document, nodes: { ...document.nodes, [id]: node } };
}

function withNode(
  document: GraphDocument,
  id: string,
  apply: (node: DocumentNode) => Outcome<AppliedEdit>,
): Outcome<AppliedEdit> {
  const node = Object.hasOwn(document.nodes, id) ? document.nodes[id] : undefined;
  if (!node)
    return fail(error('node-unknown', `There is no node "${id}" in the graph.`, { node: id }));
  return apply(node);
}

function taken(id: string): Outcome<never> {
  return fail(
    error('document-invalid', `There already is a node "${id}"; choose another id.`, { node: id }),
  );
}

const placeOf = ({ to }: Edge) => ({ node: to.node, port: to.port });
