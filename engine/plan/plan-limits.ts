/** How large a graph may be, known from its parameters before anything is built. */
import { error, type Problem } from '../contract/problem.ts';
import type { CheckedGraph, CheckedNode } from '../graph/check.ts';
import { nodeTitle } from '../graph/node-title.ts';
import { isPart } from './node-body.ts';

export const planLimits = {
  /** The deepest models published have some hundred; sixteen of these are a comparison that nobody reads. */
  layers: 2_048,
  /** The largest preset has 2,200, a decoder of 512 layers 21,500; experts multiply them. */
  operators: 100_000,
} as const;

/** Why a graph is not built: it has too many layers, those of parts counted wherever they plug in. */
export function layerProblem(
  { nodes }: Pick<CheckedGraph, 'nodes'>,
  wanted: ReadonlySet<string>,
): Problem | null {
  const counts = Object.values(nodes)
    .filter(({ id, definition }) => wanted.has(id) && definition?.body.kind !== 'part')
    .map((node) => ({ node, layers: layersOf(nodes, node) }));
  const total = counts.reduce((sum, { layers }) => sum + layers, 0);
  if (total <= planLimits.layers) return null;
  const { node } = counts.reduce((most, each) => (each.layers > most.layers ? each : most));
  const message = `The graph has ${total} layers, at most ${planLimits.layers} are checked, estimated and run; give "${nodeTitle(node)}" fewer, or split the graph.`;
  return error('graph-too-large', message, { node: node.id });
}

/** Its own, and those of the parts that are built for it. */
function layersOf(nodes: CheckedGraph['nodes'], node: CheckedNode): number {
  const plugged = Object.entries(node.incoming)
    .filter(([port]) => isPart(node, port))
    .flatMap(([, edges]) => edges.flatMap(({ from }) => nodes[from.node] ?? []));
  return [node, ...plugged].reduce(
    (sum, { definition, params }) => sum + (definition?.layers?.(params) ?? 0),
    0,
  );
}

/** Why a graph is not built further: the node at hand would have more operators than are left. */
export function operatorProblem(node: CheckedNode): Problem {
  const message = `The graph has more than ${planLimits.operators} operators, which are not checked, estimated or run; give "${nodeTitle(node)}" fewer layers or experts, or split the graph.`;
  return error('graph-too-large', message, { node: node.id });
}
