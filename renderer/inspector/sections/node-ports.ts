/** The ports of a node with what is wired to them, broken wires and unknown ports included. Pure. */
import type { GraphDocument } from '#engine/contract/document.ts';
import { wireAt, type CheckedNode } from '#engine/graph/check.ts';
import { describeWire, wireKinds } from '#engine/node/wire.ts';

export interface PortRow {
  readonly side: 'input' | 'output';
  readonly port: string;
  readonly title: string;
  /** "576 visual tokens × 1024 channels"; null while nothing is known of it. */
  readonly shape: string | null;
  /** May it stay without a wire? */
  readonly isOptional: boolean;
  /** Nodes at the other ends, in the order of the wires. */
  readonly neighbours: readonly string[];
}

export function nodePorts(document: GraphDocument, node: CheckedNode): readonly PortRow[] {
  return [...sidePorts(document, node, 'input'), ...sidePorts(document, node, 'output')];
}

function sidePorts(
  { edges }: GraphDocument,
  node: CheckedNode,
  side: PortRow['side'],
): readonly PortRow[] {
  const [own, other] = side === 'input' ? (['to', 'from'] as const) : (['from', 'to'] as const);
  const { id, definition } = node;
  const declared = (side === 'input' ? definition?.inputs : definition?.outputs) ?? {};
  const touching = edges.filter((edge) => edge[own].node === id);
  const ports = new Set([...Object.keys(declared), ...touching.map((edge) => edge[own].port)]);
  return [...ports].map((port) => {
    const declaration = Object.hasOwn(declared, port) ? declared[port] : undefined;
    const wire = wireAt(node, side === 'input' ? 'inputs' : 'outputs', port);
    const text = wire ? describeWire(wire) : null;
    // What has no shape is described by its name alone, which the title has said.
    const saysNothing = wire !== undefined && text === wireKinds[wire.kind].title.toLowerCase();
    return {
      side,
      port,
      title: declaration?.title ?? port,
      shape: saysNothing ? null : text,
      isOptional: side === 'output' || declaration?.optional === true,
      neighbours: touching
        .filter((edge) => edge[own].port === port)
        .map((edge) => edge[other].node),
    };
  });
}
