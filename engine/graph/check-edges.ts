/** Which wires of a document can carry something, and what is wrong with the others. */
import type { Edge, GraphDocument } from '../contract/document.ts';
import { error, type Problem } from '../contract/problem.ts';
import type { AnyNodeDefinition } from '../node/any-node-definition.ts';
import type { Port } from '../node/node-definition.ts';
import { wireKinds } from '../node/wire.ts';

export interface CheckedEdges {
  readonly valid: readonly Edge[];
  readonly problems: readonly Problem[];
}

type DefinitionOf = (id: string) => AnyNodeDefinition | null;

/** Wires at nodes of unknown type are left alone: the node itself is the problem. */
export function checkEdges(document: GraphDocument, definitionOf: DefinitionOf): CheckedEdges {
  const valid: Edge[] = [];
  const problems: Problem[] = [];
  const taken = new Set<string>();
  for (const edge of document.edges) {
    const problem = edgeProblem(edge, document, definitionOf, taken);
    if (problem) {
      problems.push(problem);
      continue;
    }
    taken.add(inputKey(edge));
    if (definitionOf(edge.from.node) && definitionOf(edge.to.node)) valid.push(edge);
  }
  return { valid, problems };
}

/** Why a wire cannot be, or null. Also asked by the canvas while a wire is being drawn. */
export function edgeProblem(
  edge: Edge,
  document: Pick<GraphDocument, 'nodes'>,
  definitionOf: DefinitionOf,
  taken: ReadonlySet<string>,
): Problem | null {
  const mend = { title: 'Remove the wire', edits: [{ type: 'disconnect' as const, edge }] };
  for (const { node } of [edge.from, edge.to]) {
    if (Object.hasOwn(document.nodes, node)) continue;
    const message = `A wire ends at "${node}", which is not in the graph; remove the wire.`;
    return error('wire-dangling', message, { mend });
  }
  const from = portOf(definitionOf(edge.from.node), 'outputs', edge.from.port);
  const to = portOf(definitionOf(edge.to.node), 'inputs', edge.to.port);
  for (const [port, ref, side] of [
    [from, edge.from, 'output'],
    [to, edge.to, 'input'],
  ] as const) {
    if (port !== null) continue;
    const title = definitionOf(ref.node)?.title;
    const message = `${title} has no ${side} "${ref.port}"; wire another port, or remove the wire.`;
    return error('port-unknown', message, { node: ref.node, port: ref.port, mend });
  }
  if (from && to && from.kind !== to.kind) {
    const message =
      `"${to.title}" takes ${wireKinds[to.kind].title.toLowerCase()}, ` +
      `"${from.title}" gives ${wireKinds[from.kind].title.toLowerCase()}; wire ports of the same kind.`;
    return error('wire-kind', message, { node: edge.to.node, port: edge.to.port, mend });
  }
  if (to && to.several !== true && taken.has(inputKey(edge))) {
    const message = `"${to.title}" already has a wire; an input takes one.`;
    return error('input-taken', message, { node: edge.to.node, port: edge.to.port, mend });
  }
  return null;
}

export const inputKey = ({ to }: Pick<Edge, 'to'>): string => `${to.node}/${to.port}`;

/** The port; null where the node has none of that name; undefined where the node is unknown. */
function portOf(
  definition: AnyNodeDefinition | null,
  side: 'inputs' | 'outputs',
  name: string,
): Port | null | undefined {
  if (!definition) return undefined;
  return Object.hasOwn(definition[side], name) ? definition[side][name] : null;
}
