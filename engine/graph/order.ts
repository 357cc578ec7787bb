/** Running order of a graph, and the circles that prevent one. */
import type { Edge, GraphDocument } from '../contract/document.ts';

export interface GraphOrder {
  /** Every node after all that feed it, as far as that is possible; document order otherwise. */
  readonly order: readonly string[];
  /** Nodes of one circle in wiring order; null where there is none. */
  readonly cycle: readonly string[] | null;
}

export function orderNodes(document: Pick<GraphDocument, 'nodes' | 'edges'>): GraphOrder {
  const ids = Object.keys(document.nodes);
  const followers = new Map<string, Edge[]>(ids.map((id) => [id, []]));
  const missing = new Map(ids.map((id) => [id, 0]));
  for (const edge of document.edges) {
    if (!missing.has(edge.from.node) || !missing.has(edge.to.node)) continue;
    followers.get(edge.from.node)?.push(edge);
    missing.set(edge.to.node, (missing.get(edge.to.node) ?? 0) + 1);
  }
  const order = [...missing].filter(([, count]) => count === 0).map(([id]) => id);
  for (const id of order) {
    for (const { to } of followers.get(id) ?? []) {
      const left = (missing.get(to.node) ?? 0) - 1;
      missing.set(to.node, left);
      if (left === 0) order.push(to.node);
    }
  }
  const stuck = new Set(ids.filter((id) => (missing.get(id) ?? 0) > 0));
  return { order, cycle: stuck.size === 0 ? null : findCycle(stuck, document.edges) };
}

/** Among nodes that all wait for one another, some chain backwards must return to itself. */
function findCycle(stuck: ReadonlySet<string>, edges: readonly Edge[]): readonly string[] {
  const before = new Map<string, string>();
  for (const { from, to } of edges)
    if (stuck.has(from.node) && stuck.has(to.node)) before.set(to.node, from.node);
  const path: string[] = [];
  let node = [...before.keys()][0] as string;
  while (!path.includes(node)) {
    path.push(node);
    node = before.get(node) as string;
  }
  return path.slice(path.indexOf(node)).toReversed();
}
