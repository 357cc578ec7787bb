/** The geometry of a small picture of a graph: cards and wires where the canvas has them, nothing else. Pure. */
import type { Family } from '#engine/node/node-definition.ts';
import { cardWidthPx } from '#renderer/canvas/card/card-geometry.ts';
import type { CardModel } from '#renderer/canvas/card/card-model.ts';
import type { PortSide } from '#renderer/canvas/card/port-place.ts';
import type { Layout, Models } from '#renderer/canvas/flow/projection.ts';
import { wireCourses } from '#renderer/canvas/flow/wire-courses.ts';
import type { Extent } from '#engine/graph/wire-lane.ts';
import { wirePath } from '#renderer/canvas/wire/wire-path.ts';

export interface Thumbnail {
  readonly viewBox: string;
  readonly cards: readonly {
    readonly id: string;
    readonly x: number;
    readonly y: number;
    readonly height: number;
    readonly family: Family | null;
  }[];
  readonly wires: readonly {
    readonly id: string;
    readonly path: string;
    readonly family: Family | null;
    readonly look: 'plain' | 'dashed' | 'dotted';
  }[];
}

/** Room for the outlines, and for wires that lead around a card. */
const marginPx = 28;
/** A picture is at least this wide for its height, so that small graphs are not drawn large. */
const leastWidthPx = 760;
const leastHeightPx = 480;

/** Cards without a place in `layout` are left out, and so are their wires. */
export function thumbnailOf({ cards, wires }: Models, layout: Layout): Thumbnail {
  const placed = cards.flatMap((card) => {
    const corner = Object.hasOwn(layout, card.id) ? layout[card.id] : undefined;
    return corner ? [{ card, x: corner.x, y: corner.y }] : [];
  });
  const byId = new Map(placed.map((each) => [each.card.id, each]));
  const courses = wireCourses({ cards, wires }, layout);
  return {
    viewBox: viewBoxOf(placed),
    cards: placed.map(({ card: { id, family, geometry }, x, y }) => ({
      id,
      x,
      y,
      height: geometry.height,
      family,
    })),
    wires: wires.flatMap(({ id, edge, family, kind, widthPx }) => {
      const [from, to] = [byId.get(edge.from.node), byId.get(edge.to.node)];
      if (!from || !to) return [];
      const { path } = wirePath(
        { x: from.x + cardWidthPx, y: from.y + portY(from.card, 'outputs', edge.from.port) },
        { x: to.x, y: to.y + portY(to.card, 'inputs', edge.to.port) },
        widthPx,
        { giver: extentOf(from), taker: extentOf(to) },
        courses.get(id)?.detour,
      );
      const look = kind === 'text' ? 'dashed' : kind === 'answer' ? 'dotted' : 'plain';
      return [{ id, path, family, look }];
    }),
  };
}

interface Placed {
  readonly card: CardModel;
  readonly x: number;
  readonly y: number;
}

function viewBoxOf(placed: readonly Placed[]): string {
  const left = Math.min(...placed.map(({ x }) => x), Infinity);
  const top = Math.min(...placed.map(({ y }) => y), Infinity);
  const right = Math.max(...placed.map(({ x }) => x + cardWidthPx));
  const bottom = Math.max(...placed.map(({ y, card }) => y + card.geometry.height));
  if (placed.length === 0) return `0 0 ${leastWidthPx} ${leastHeightPx}`;
  const width = Math.max(leastWidthPx, right - left + 2 * marginPx);
  const height = Math.max(leastHeightPx, bottom - top + 2 * marginPx);
  // Kept in the middle.
  const [x, y] = [(left + right - width) / 2, (top + bottom - height) / 2];
  return [x, y, width, height].map(Math.round).join(' ');
}

function portY({ geometry }: CardModel, side: PortSide, name: string): number {
  const place = geometry.ports.find(({ port }) => port.side === side && port.name === name);
  return place?.y ?? geometry.height / 2;
}

function extentOf({ y, card }: Placed): Extent {
  return { top: y, bottom: y + card.geometry.height };
}
