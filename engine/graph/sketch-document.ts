/** A graph document in shorthand: what a test or an example says of a graph, and nothing else. */
import type { Edge, GraphDocument, Json } from '../contract/document.ts';

export type NodeSketch = readonly [type: string, params?: Readonly<Record<string, Json>>];

/** Nodes by id, in version 1 and without layout; wires as `encoder.tokens > projector.tokens`. */
export function sketchDocument(
  nodes: Readonly<Record<string, NodeSketch>>,
  wires: readonly string[] = [],
): GraphDocument {
  return {
    format: 'patchbay',
    version: 1,
    title: 'Sketch',
    about: '',
    nodes: Object.fromEntries(
      Object.entries(nodes).map(([id, [type, params = {}]]) => [id, { type, version: 1, params }]),
    ),
    edges: wires.map(sketchEdge),
    layout: {},
    notes: [],
  };
}

/** `encoder.tokens > projector.tokens` */
export function sketchEdge(wire: string): Edge {
  const [from = '', to = ''] = wire.split(' > ');
  return { from: sketchPort(from), to: sketchPort(to) };
}

function sketchPort(text: string): { node: string; port: string } {
  const [node = '', port = ''] = text.split('.');
  return { node, port };
}
