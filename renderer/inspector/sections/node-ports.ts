/** The ports of a node with what is wired to them, broken wires and unknown ports included. Pure. */
import type { GraphDocument, PortRef } from '#engine/contract/document.ts';
import type { Report } from '#engine/contract/report.ts';
import { wireAt, type CheckedNode } from '#engine/graph/check.ts';
import { describeWire, wireKinds } from '#engine/node/wire.ts';

export interface PortRow {
  readonly side: 'input' | 'output';
  readonly port: string;
  readonly title: string;
  /** "576 visual tokens × 1024 channels"; null while nothing is known of it. */
  readonly shape: string | null;
  /** Tokens that the last run found here, of all views; null where it counted none. */
  readonly measuredTokens: number | null;
  /** May it stay without a wire? */
  readonly isOptional: boolean;
  /** Nodes at the other ends, in the order of the wires. */
  readonly neighbours: readonly string[];
}

/** Broken wires are told too; `report` is of the graph's run, null where there has been none. */
export function nodePorts(
  document: GraphDocument,
  node: CheckedNode,
  report: Report | null = null,
): readonly PortRow[] {
  return (['input', 'output'] as const).flatMap((side) => sidePorts(document, node, side, report));
}

function sidePorts(
  { edges }: GraphDocument,
  node: CheckedNode,
  side: PortRow['side'],
  report: Report | null,
): readonly PortRow[] {
  const [own, other] = side === 'input' ? (['to', 'from'] as const) : (['from', 'to'] as const);
  const { id, definition } = node;
  const declared = (side === 'input' ? definition?.inputs : definition?.outputs) ?? {};
  const touching = edges.filter((edge) => edge[own].node === id);
  const ports = new Set([...Object.keys(declared), ...touching.map((edge) => edge[own].port)]);
  const sources = (port: string): readonly PortRef[] =>
    side === 'output'
      ? [{ node: id, port }]
      : touching.filter((edge) => edge.to.port === port).map(({ from }) => from);
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
      measuredTokens: wire?.kind === 'tokens' ? measuredTokens(report, sources(port)) : null,
      isOptional: side === 'output' || declaration?.optional === true,
      neighbours: touching
        .filter((edge) => edge[own].port === port)
        .map((edge) => edge[other].node),
    };
  });
}

/** What a run counts of a stage is what leaves by its port for tokens. */
function measuredTokens(report: Report | null, sources: readonly PortRef[]): number | null {
  const counts = sources.map(({ node, port }) => {
    const stage = report?.stages.find((each) => each.node === node && each.latencyMs.runs > 0);
    return port === 'tokens' ? (stage?.tokensOut ?? null) : null;
  });
  const known = counts.filter((count) => count !== null);
  // A sum of some of them would be none of all.
  if (known.length === 0 || known.length < counts.length) return null;
  return known.reduce((sum, count) => sum + count, 0);
}
