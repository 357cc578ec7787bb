/** What the picture of a graph shows: cards at their places with the ports that have wires, and the wires. Pure. */
import type { GraphDocument } from '../../contract/document.ts';
import type { Report } from '../../contract/report.ts';
import { checkGraph, type CheckedNode } from '../../graph/check.ts';
import { nodeTitle } from '../../graph/node-title.ts';
import type { Port } from '../../node/node-definition.ts';
import { cardPx, framePx } from './picture-measures.ts';
import { hueOf, type SavedReport } from './saved-report.ts';
import type { Extent, Point } from '../../graph/wire-lane.ts';

interface PicturedPort {
  readonly name: string;
  readonly title: string;
}

export interface PicturedCard extends Point {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly hue: string;
  readonly height: number;
  /** Where the first port's row begins, from the card's upper edge. */
  readonly portsTop: number;
  readonly inputs: readonly PicturedPort[];
  readonly outputs: readonly PicturedPort[];
  /** Of all stages of the node; null where none was measured. */
  readonly medianMs: number | null;
  /** Of the pass, 0 to 1. */
  readonly share: number;
}

export interface PicturedWire {
  readonly from: Point;
  readonly to: Point;
  readonly giver: Extent;
  readonly taker: Extent;
  readonly hue: string;
  readonly look: 'plain' | 'text' | 'answer';
  /** "CLIP ViT → MLP projector" */
  readonly words: string;
}

export interface PicturedGraph {
  readonly cards: readonly PicturedCard[];
  readonly wires: readonly PicturedWire[];
}

export function picturedGraph(
  document: GraphDocument,
  { report, catalogue }: Pick<SavedReport, 'report' | 'catalogue'>,
): PicturedGraph {
  const { nodes } = checkGraph(document, catalogue);
  const placeOf = placesOf(document);
  const cards = new Map(
    Object.values(nodes).map((node) => [
      node.id,
      cardOf(node, document, placeOf(node.id), report, hueOf(node.node.type, catalogue)),
    ]),
  );
  const wires = document.edges.flatMap(({ from, to }): PicturedWire[] => {
    const [giver, taker] = [cards.get(from.node), cards.get(to.node)];
    if (!giver || !taker) return [];
    const kind = portOf(nodes[from.node], 'outputs', from.port)?.kind;
    const look = kind === 'text' || kind === 'answer' ? kind : 'plain';
    return [
      {
        from: { x: giver.x + cardPx.width, y: portY(giver, giver.outputs, from.port) },
        to: { x: taker.x, y: portY(taker, taker.inputs, to.port) },
        giver: extentOf(giver),
        taker: extentOf(taker),
        hue: look === 'answer' ? 'var(--output)' : giver.hue,
        look,
        words: `${giver.title} → ${taker.title}`,
      },
    ];
  });
  return { cards: [...cards.values()], wires };
}

/** A node without a place is put into a row above all others. */
function placesOf({ nodes, layout }: GraphDocument): (id: string) => Point {
  const isPlaced = (id: string): boolean => Object.hasOwn(layout, id);
  const placed = Object.keys(nodes).flatMap((id) => (isPlaced(id) ? [layout[id] as Point] : []));
  const homeless = Object.keys(nodes).filter((id) => !isPlaced(id));
  const left = placed.length > 0 ? Math.min(...placed.map(({ x }) => x)) : 0;
  const top = placed.length > 0 ? Math.min(...placed.map(({ y }) => y)) : 0;
  return (id) =>
    isPlaced(id)
      ? (layout[id] as Point)
      : { x: left + homeless.indexOf(id) * 1.25 * cardPx.width, y: top - 1.25 * cardPx.width };
}

function cardOf(
  checked: CheckedNode,
  { edges }: GraphDocument,
  { x, y }: Point,
  report: Report,
  hue: string,
): PicturedCard {
  const { id, definition, params } = checked;
  const summary = definition?.summary(params) ?? '';
  const wired = {
    inputs: edges.flatMap(({ to }) => (to.node === id ? to.port : [])),
    outputs: edges.flatMap(({ from }) => (from.node === id ? from.port : [])),
  };
  const inputs = portsOf(checked, 'inputs', wired.inputs);
  const outputs = portsOf(checked, 'outputs', wired.outputs);
  const rows = report.stages.filter(({ node, latencyMs }) => node === id && latencyMs.runs > 0);
  const medianMs =
    rows.length > 0 ? rows.reduce((sum, { latencyMs }) => sum + latencyMs.median, 0) : null;
  const portsTop = cardPx.head + (summary === '' ? 0 : cardPx.summary);
  const height =
    portsTop +
    cardPx.port * Math.max(inputs.length, outputs.length) +
    (medianMs === null ? 0 : cardPx.time) +
    cardPx.edge;
  const { wallMs, stagesMs } = report.totals;
  const wholeMs = Math.max(wallMs, stagesMs);
  const share = wholeMs > 0 ? (medianMs ?? 0) / wholeMs : 0;
  const title = nodeTitle(checked);
  return { id, title, summary, hue, x, y, height, portsTop, inputs, outputs, medianMs, share };
}

type Side = 'inputs' | 'outputs';

function portOf(checked: CheckedNode | undefined, side: Side, name: string): Port | undefined {
  const declared: Readonly<Record<string, Port>> = checked?.definition?.[side] ?? {};
  return Object.hasOwn(declared, name) ? declared[name] : undefined;
}

/** Those with a wire, in the order of the declaration; what only a wire speaks of comes behind. */
function portsOf(
  checked: CheckedNode,
  side: Side,
  wired: readonly string[],
): readonly PicturedPort[] {
  const declared = Object.keys(checked.definition?.[side] ?? {});
  const names = new Set([...declared.filter((name) => wired.includes(name)), ...wired]);
  return [...names].map((name) => ({ name, title: portOf(checked, side, name)?.title ?? name }));
}

function portY(card: PicturedCard, ports: readonly PicturedPort[], name: string): number {
  const place = ports.findIndex((port) => port.name === name);
  return card.y + card.portsTop + cardPx.port * (place + 0.5);
}

const extentOf = ({ y, height }: PicturedCard): Extent => ({ top: y, bottom: y + height });

/** What of the plane is shown. */
export function pictureFrame(cards: readonly PicturedCard[]): {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
} {
  const edge = (pick: (card: PicturedCard) => number, choose: typeof Math.min): number =>
    cards.reduce((best, card) => choose(best, pick(card)), pick(cards[0] as PicturedCard));
  const left = edge(({ x }) => x, Math.min) - framePx;
  const top = edge(({ y }) => y, Math.min) - framePx;
  const right = edge(({ x }) => x + cardPx.width, Math.max) + framePx;
  const bottom = edge(({ y, height }) => y + height, Math.max) + framePx;
  return { left, top, width: right - left, height: bottom - top };
}
