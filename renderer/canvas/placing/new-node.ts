/** What adding a node means for the graph: its id, its first parameters, and the socket that a part plugs into. Pure. */
import type { DocumentNode, Edge, GraphDocument, Json } from '#engine/contract/document.ts';
import type { Edit } from '#engine/contract/edit.ts';
import type { CheckedGraph } from '#engine/graph/check.ts';
import type { AnyNodeDefinition } from '#engine/node/any-node-definition.ts';
import type { Family, Port } from '#engine/node/node-definition.ts';
import { wireKinds } from '#engine/node/wire.ts';

/** Families that people call a node by; the others are told apart by the node's own name. */
const callers: ReadonlySet<Family> = new Set(['encoder', 'projector', 'language', 'moe']);

/** "encoder", or "encoder-2" where that is taken: short, and readable in a file. */
export function newNodeId(
  { type, family }: Pick<AnyNodeDefinition, 'type' | 'family'>,
  taken: Readonly<Record<string, unknown>>,
): string {
  return freeId(callers.has(family) ? family : (type.split('/').at(-1) ?? type), taken);
}

/** The id itself where it is free, else the first free one with a number behind it. */
export function freeId(id: string, taken: Readonly<Record<string, unknown>>): string {
  if (!Object.hasOwn(taken, id)) return id;
  const stem = id.replace(/-\d+$/, '').slice(0, 56);
  let number = 2;
  while (Object.hasOwn(taken, `${stem}-${number}`)) number++;
  return `${stem}-${number}`;
}

/** A node with every default, written out so that the file says what it does. */
export function newNode(definition: AnyNodeDefinition): DocumentNode {
  const params: Record<string, Json> = {};
  for (const [name, param] of Object.entries(definition.params))
    if (param.shownWhen === undefined && param.default !== null) params[name] = param.default;
  return { type: definition.type, version: definition.version, params };
}

interface NewNode {
  readonly definition: AnyNodeDefinition;
  readonly selection: ReadonlySet<string>;
}

/** Adds a node, without a place yet, and plugs a part in where there is only one place that it can be meant for. */
export function addNodeEdits(
  checked: CheckedGraph,
  { definition, selection }: NewNode,
): { readonly id: string; readonly edits: readonly Edit[] } {
  const id = newNodeId(definition, checked.document.nodes);
  const edge = plugFor(checked, id, definition, selection);
  const added: Edit = { type: 'add-node', id, node: newNode(definition), position: null };
  return { id, edits: edge ? [added, { type: 'connect', edge }] : [added] };
}

/** The socket of the only selected node that fits and has room, or else the only one in the graph. */
function plugFor(
  checked: CheckedGraph,
  id: string,
  definition: AnyNodeDefinition,
  selection: ReadonlySet<string>,
): Edge | null {
  const part = Object.entries(definition.outputs).find(([, { kind }]) => wireKinds[kind].part);
  if (!part) return null;
  const [port, { kind }] = part;
  const sockets = Object.values(checked.nodes).flatMap((node) =>
    Object.entries<Port>(node.definition?.inputs ?? {})
      .filter(
        ([name, input]) =>
          input.kind === kind &&
          (input.several === true || !isWired(checked.document, node.id, name)),
      )
      .map(([name]) => ({ node: node.id, port: name })),
  );
  const selected = sockets.filter(({ node }) => selection.has(node));
  const [socket, ...others] = selected.length > 0 ? selected : sockets;
  return socket && others.length === 0 ? { from: { node: id, port }, to: socket } : null;
}

function isWired({ edges }: GraphDocument, node: string, port: string): boolean {
  return edges.some(({ to }) => to.node === node && to.port === port);
}
