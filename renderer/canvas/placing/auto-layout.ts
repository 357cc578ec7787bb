/** Places cards from left to right along the wires, so that the main line of a graph runs straight. Pure. */
import dagre from '@dagrejs/dagre';
import { cardWidthPx, gridPx } from '#renderer/canvas/card/card-geometry.ts';
import type { CardModel } from '#renderer/canvas/card/card-model.ts';
import type { PortSide } from '#renderer/canvas/card/port-place.ts';
import type { Layout, Models } from '#renderer/canvas/flow/projection.ts';
import type { WireModel } from '#renderer/canvas/wire/wire-model.ts';

type Position = Layout[string];

/** Room between columns: a wire's label fits in. */
const columnGapPx = 96;
const rowGapPx = 40;

/** Upper left corners of all cards given, on the grid, the first at the origin. */
export function autoLayout({ cards, wires }: Models): Layout {
  const byId = new Map(cards.map((card) => [card.id, card]));
  const inner = wires.filter(({ edge }) => byId.has(edge.from.node) && byId.has(edge.to.node));
  const incoming = new Map<string, WireModel[]>();
  for (const wire of inner) {
    const { node } = wire.edge.to;
    incoming.set(node, [...(incoming.get(node) ?? []), wire]);
  }
  const tops = new Map<string, number>();
  const columns = columnsOf(cards, inner);
  for (const column of columns) {
    const wanted = column.map(({ id, y }) => {
      const straight = straightTop(byId.get(id) as CardModel, incoming.get(id) ?? [], byId, tops);
      return { id, top: straight ?? y, follows: straight !== null };
    });
    // Cards of the line come first, so that a prompt or a part does not push it aside.
    wanted.sort((a, b) => Number(b.follows) - Number(a.follows) || a.top - b.top);
    let free = -Infinity;
    for (const { id, top } of wanted) {
      const place = Math.max(top, free);
      tops.set(id, place);
      free = place + (byId.get(id) as CardModel).geometry.height + rowGapPx;
    }
  }
  return onGridFromOrigin(columns, tops);
}

interface Placed {
  readonly id: string;
  readonly y: number;
}

/** Columns and the order in them, as dagre chooses them to keep wires short and uncrossed. */
function columnsOf(
  cards: readonly CardModel[],
  wires: readonly WireModel[],
): readonly (readonly Placed[])[] {
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'LR', ranksep: columnGapPx, nodesep: rowGapPx });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id, geometry } of cards)
    graph.setNode(id, { width: cardWidthPx, height: geometry.height });
  for (const { id, edge } of wires) graph.setEdge(edge.from.node, edge.to.node, {}, id);
  dagre.layout(graph);
  const columns = new Map<number, Placed[]>();
  for (const { id, geometry } of cards) {
    const { x = 0, y = 0 } = graph.node(id);
    const column = columns.get(Math.round(x)) ?? [];
    columns.set(Math.round(x), [...column, { id, y: y - geometry.height / 2 }]);
  }
  return [...columns].toSorted(([a], [b]) => a - b).map(([, column]) => column);
}

/** Where a card's upper edge must be for its widest wires to run level; null where nothing comes in. */
function straightTop(
  card: CardModel,
  wires: readonly WireModel[],
  cards: ReadonlyMap<string, CardModel>,
  tops: ReadonlyMap<string, number>,
): number | null {
  const placed = wires.filter(({ edge }) => tops.has(edge.from.node));
  const widest = Math.max(...placed.map(({ widthPx }) => widthPx));
  const levels = placed
    .filter(({ widthPx }) => widthPx === widest)
    .map(({ edge: { from, to } }) => {
      const giver = cards.get(from.node) as CardModel;
      const start = (tops.get(from.node) as number) + portY(giver, 'outputs', from.port);
      return start - portY(card, 'inputs', to.port);
    });
  if (levels.length === 0) return null;
  return levels.reduce((sum, level) => sum + level, 0) / levels.length;
}

function portY({ geometry }: CardModel, side: PortSide, name: string): number {
  return geometry.ports.find(({ port }) => port.side === side && port.name === name)?.y ?? 0;
}

function onGridFromOrigin(
  columns: readonly (readonly Placed[])[],
  tops: ReadonlyMap<string, number>,
): Layout {
  const highest = Math.min(...tops.values());
  const layout: Record<string, Position> = {};
  for (const [index, column] of columns.entries())
    for (const { id } of column) {
      const top = (tops.get(id) as number) - highest;
      layout[id] = {
        x: index * (cardWidthPx + columnGapPx),
        y: Math.round(top / gridPx) * gridPx,
      };
    }
  return layout;
}

/** Places for cards that have none: as a whole, or below those that have one. */
export function placesFor(models: Models, layout: Layout): Layout {
  const homeless = models.cards.filter(({ id }) => !Object.hasOwn(layout, id));
  if (homeless.length === 0) return {};
  const places = autoLayout({ ...models, cards: homeless });
  const settled = models.cards.filter(({ id }) => Object.hasOwn(layout, id));
  if (settled.length === 0) return places;
  const left = Math.min(...settled.map(({ id }) => (layout[id] as Position).x));
  const bottom = Math.max(
    ...settled.map(({ id, geometry }) => (layout[id] as Position).y + geometry.height),
  );
  return Object.fromEntries(
    Object.entries(places).map(([id, { x, y }]) => [
      id,
      { x: x + left, y: y + Math.ceil(bottom / gridPx) * gridPx + rowGapPx },
    ]),
  );
}
