/** May these ports be wired, and what would come of it? The reasons that the canvas and the connect dialog give. Pure. */
import type { Edge, PortRef } from '#engine/contract/document.ts';
import type { Edit } from '#engine/contract/edit.ts';
import { error, type Problem } from '#engine/contract/problem.ts';
import { applyEdits, sameEdge } from '#engine/graph/apply-edit.ts';
import { nodeTitle } from '#engine/graph/node-title.ts';
import { edgeProblem } from '#engine/graph/check-edges.ts';
import { checkGraph, type CheckedGraph } from '#engine/graph/check.ts';
import type { Catalogue } from '#engine/node/any-node-definition.ts';
import type { Port } from '#engine/node/node-definition.ts';
import type { PortPlace } from '#renderer/canvas/card/port-place.ts';

/** The wire between two ports of different sides, whichever was taken first. */
export function edgeBetween(a: PortPlace, b: PortPlace): Edge {
  const [from, to] = a.side === 'outputs' ? [a, b] : [b, a];
  return { from: { node: from.node, port: from.port }, to: { node: to.node, port: to.port } };
}

/** Answers for one port, the other end of which is sought; `moved` is the wire whose end is being dragged. */
export function connectReasons(
  checked: CheckedGraph,
  start: PortPlace,
  moved: Edge | null = null,
): (end: PortPlace) => Problem | null {
  const { document } = checked;
  const edges = document.edges.filter((edge) => !moved || !sameEdge(edge, moved));
  const reached = reachable(edges, start);
  const isThere = new Set(edges.map(edgeText));
  const definitionOf = (id: string) => checked.nodes[id]?.definition ?? null;
  return (end) => {
    if (end.side === start.side) {
      const side = end.side === 'inputs' ? 'inputs' : 'outputs';
      return error('wire-kind', `Both are ${side}; a wire runs from an output to an input.`);
    }
    const edge = edgeBetween(start, end);
    const unknown = [edge.from.node, edge.to.node].find((id) => definitionOf(id) === null);
    if (unknown !== undefined) {
      const type = document.nodes[unknown]?.type ?? unknown;
      return error(
        'node-unknown',
        `"${type}" is not a node of this version; its wires stay as they are.`,
      );
    }
    // A full input is no reason: the new wire takes the place of the old one.
    const problem = edgeProblem(edge, document, definitionOf, new Set());
    if (problem) return problem;
    if (isThere.has(edgeText(edge))) return error('input-taken', 'This wire is there already.');
    if (reached.has(end.node)) {
      const [giver, taker] = [edge.from.node, edge.to.node].map((id) => titleAt(checked, id));
      const message =
        edge.from.node === edge.to.node
          ? `${giver} cannot feed itself; wire it to another node.`
          : `${taker} already feeds ${giver}, so this wire would close a circle; wire another node.`;
      return error('cycle', message);
    }
    return null;
  };
}

const titleAt = (checked: CheckedGraph, id: string): string => {
  const node = checked.nodes[id];
  return node ? nodeTitle(node) : id;
};

const edgeText = ({ from, to }: Edge): string => `${from.node}/${from.port}/${to.node}/${to.port}`;

/** Nodes at which a wire from here would close a circle: what feeds an output, or what an input feeds; and the node itself. */
function reachable(edges: readonly Edge[], { node, side }: PortPlace): ReadonlySet<string> {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const [here, there] = side === 'outputs' ? [to.node, from.node] : [from.node, to.node];
    next.set(here, [...(next.get(here) ?? []), there]);
  }
  const reached = new Set([node]);
  for (const id of reached) for (const there of next.get(id) ?? []) reached.add(there);
  return reached;
}

/** Every declared port of the graph, in the order of its nodes. */
export function allPorts({ order, nodes }: CheckedGraph): readonly (PortPlace & Port)[] {
  return [...new Set([...order, ...Object.keys(nodes)])].flatMap((node) =>
    (['inputs', 'outputs'] as const).flatMap((side) => {
      const ports: Readonly<Record<string, Port>> = nodes[node]?.definition?.[side] ?? {};
      return Object.entries(ports).map(([port, declared]) => ({ ...declared, node, port, side }));
    }),
  );
}

/** Does an input take several wires, so that a further one joins those that are there? */
export function takesSeveral(
  { nodes }: Pick<CheckedGraph, 'nodes'>,
  { node, port }: PortRef,
): boolean {
  const inputs: Readonly<Record<string, Port>> = nodes[node]?.definition?.inputs ?? {};
  return Object.hasOwn(inputs, port) && inputs[port]?.several === true;
}

/** Wires two ports as one step: a wire that fills the input already, and the one being moved, give way. */
export function connectEdits(
  checked: Pick<CheckedGraph, 'document' | 'nodes'>,
  edge: Edge,
  moved: Edge | null = null,
): readonly Edit[] {
  const isFull = !takesSeveral(checked, edge.to);
  const gone = checked.document.edges.filter(
    (other) =>
      (moved && sameEdge(other, moved)) ||
      (isFull && other.to.node === edge.to.node && other.to.port === edge.to.port),
  );
  const disconnects = gone.map((other): Edit => ({ type: 'disconnect', edge: other }));
  return [...disconnects, { type: 'connect', edge }];
}

/** The problem that edits would bring, first at the node that they wire; null where they bring none. */
export function consequence(
  checked: CheckedGraph,
  edits: readonly Edit[],
  catalogue: Catalogue,
): Problem | null {
  const applied = applyEdits(checked.document, edits);
  if (!applied.ok) return applied.problems[0] ?? null;
  const before = new Set(checked.problems.map(problemText));
  const after = checkGraph(applied.value.document, catalogue).problems;
  const fresh = after.filter((problem) => !before.has(problemText(problem)));
  const wired = new Set(
    edits.flatMap((edit) => (edit.type === 'connect' ? edit.edge.to.node : [])),
  );
  const rank = ({ severity, node }: Problem): number =>
    (severity === 'error' ? 2 : 0) + (node !== undefined && wired.has(node) ? 1 : 0);
  return fresh.toSorted((a, b) => rank(b) - rank(a))[0] ?? null;
}

const problemText = ({ code, node, port, message }: Problem): string =>
  [code, node, port, message].join('\n');
