/** What a wire shows: what it carries, in whose colour, and what is wrong with it. Pure. */
import type { Edge } from '#engine/contract/document.ts';
import type { Problem } from '#engine/contract/problem.ts';
import { sameEdge } from '#engine/graph/apply-edit.ts';
import { nodeTitle } from '#engine/graph/node-title.ts';
import type { CheckedGraph } from '#engine/graph/check.ts';
import type { Family } from '#engine/node/node-definition.ts';
import { describeWire, wireKinds, type WireKind } from '#engine/node/wire.ts';
import { shapeText, shortShapeText, wireWidthPx } from './shape-text.ts';

export interface WireModel {
  readonly id: string;
  readonly edge: Edge;
  readonly kind: WireKind | null;
  /** Of the node that gives. */
  readonly family: Family | null;
  readonly widthPx: number;
  readonly text: string | null;
  readonly shortText: string | null;
  /** "CLIP ViT to MLP projector: 576 visual tokens × 1024 channels" */
  readonly label: string;
  readonly problem: Problem | null;
}

export const wireId = ({ from, to }: Edge, copy = 0): string =>
  `${from.node}.${from.port}>${to.node}.${to.port}${copy > 0 ? `#${copy}` : ''}`;

/** Of every wire that has a node at both ends. */
export function wireModels(
  checked: CheckedGraph,
  problems: readonly Problem[],
): readonly WireModel[] {
  const copies = new Map<string, number>();
  const suspects = problems.filter(({ port, mend }) => port !== undefined || mend);
  return checked.document.edges.flatMap((edge) => {
    const giver = checked.nodes[edge.from.node];
    const taker = checked.nodes[edge.to.node];
    if (!giver || !taker) return [];
    const copy = copies.get(wireId(edge)) ?? 0;
    copies.set(wireId(edge), copy + 1);
    const wire = giver.outputs[edge.from.port] ?? null;
    const kind = giver.definition?.outputs[edge.from.port]?.kind ?? null;
    const carried = wire ? describeWire(wire) : kind && wireKinds[kind].title.toLowerCase();
    const ends = `${nodeTitle(giver)} to ${nodeTitle(taker)}`;
    return {
      id: wireId(edge, copy),
      edge,
      kind,
      family: giver.definition?.family ?? null,
      widthPx: wireWidthPx(wire),
      text: wire && shapeText(wire),
      shortText: wire && shortShapeText(wire),
      label: carried === null ? ends : `${ends}: ${carried}`,
      problem: suspects.length === 0 ? null : wireProblem(edge, suspects),
    };
  });
}

/** A wire is to blame where taking it away is the mend, or where what it brings does not fit. */
function wireProblem(edge: Edge, problems: readonly Problem[]): Problem | null {
  const removes = ({ mend }: Problem): boolean =>
    mend?.edits.some((edit) => edit.type === 'disconnect' && sameEdge(edit.edge, edge)) === true;
  const misfits = ({ code, node, port }: Problem): boolean =>
    code === 'dimension-mismatch' && node === edge.to.node && port === edge.to.port;
  return problems.find(removes) ?? problems.find(misfits) ?? null;
}
