/** How wires keep clear of each other and of cards: lanes of those that go back, and where labels stand. Pure. */
import { cardWidthPx } from '#renderer/canvas/card/card-geometry.ts';
import type { CardModel } from '#renderer/canvas/card/card-model.ts';
import type { PortSide } from '#renderer/canvas/card/port-place.ts';
import type { WireCourse } from '#renderer/canvas/wire/wire-course.ts';
import type { WireModel } from '#renderer/canvas/wire/wire-model.ts';
import {
  goesBack,
  laneBetween,
  standOffPx,
  type Extent,
  type Point,
} from '#engine/graph/wire-lane.ts';
import {
  noDetour,
  wirePath,
  type Detour,
  type LabelSpot,
} from '#renderer/canvas/wire/wire-path.ts';
import type { Layout, Models } from './projection.ts';

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

interface PlacedWire {
  readonly wire: WireModel;
  readonly from: Point;
  readonly to: Point;
  readonly giver: Box;
  readonly taker: Box;
}

/** Of every wire between cards that have a place, by id. */
export function wireCourses(
  { cards, wires }: Models,
  layout: Layout,
): ReadonlyMap<string, WireCourse> {
  const boxes = new Map(
    cards.flatMap((card) => {
      const corner = Object.hasOwn(layout, card.id) ? layout[card.id] : undefined;
      return corner ? [[card.id, { card, box: boxOf(card, corner) }] as const] : [];
    }),
  );
  const placed = wires.flatMap((wire): PlacedWire[] => {
    const [giver, taker] = [boxes.get(wire.edge.from.node), boxes.get(wire.edge.to.node)];
    if (!giver || !taker) return [];
    const { from, to } = wire.edge;
    return [
      {
        wire,
        from: { x: giver.box.right, y: giver.box.top + portY(giver.card, 'outputs', from.port) },
        to: { x: taker.box.left, y: taker.box.top + portY(taker.card, 'inputs', to.port) },
        giver: giver.box,
        taker: taker.box,
      },
    ];
  });
  const obstacles = [...boxes.values()].map(({ box }) => box);
  const detours = detoursOf(placed, obstacles);
  const labels = labelsOf(placed, detours, obstacles);
  return new Map(
    placed.map(({ wire: { id } }) => [
      id,
      { detour: detours.get(id) ?? noDetour, label: labels.get(id) ?? null },
    ]),
  );
}

function boxOf({ geometry }: CardModel, { x, y }: Point): Box {
  return { left: x, top: y, right: x + cardWidthPx, bottom: y + geometry.height };
}

function portY({ geometry }: CardModel, side: PortSide, name: string): number {
  const place = geometry.ports.find(({ port }) => port.side === side && port.name === name);
  return place?.y ?? geometry.height / 2;
}

/** Between two lanes, and between the stretches beside a card; less where there is less room. */
const laneGapPx = 18;
const standOffGapPx = 8;
/** A lane keeps so far from cards. */
const clearPx = 8;

interface Returning extends PlacedWire {
  readonly ownLane: number;
  readonly band: Extent;
  readonly goesDown: boolean;
}

function detoursOf(
  placed: readonly PlacedWire[],
  cards: readonly Box[],
): ReadonlyMap<string, Detour> {
  const returning = placed
    .filter(({ from, to }) => goesBack(from, to))
    .map((each): Returning => {
      const ownLane = laneBetween(each.giver, each.taker);
      const goesDown = ownLane > each.from.y;
      return { ...each, ownLane, band: freeBand(each, ownLane, cards), goesDown };
    });
  const lanes = new Map<string, number>();
  for (const group of groupedBy(returning, ({ band }) => `${band.top} ${band.bottom}`)) {
    // The lower of two ports stands nearer to a lane below, the upper one to a lane above: so none crosses another.
    const fromTop = group.toSorted((a, b) => b.from.y - a.from.y);
    for (const [rank, { wire, band }] of fromTop.entries())
      lanes.set(wire.id, laneIn(band, rank, fromTop.length));
  }
  const laneOf = ({ wire, ownLane }: Returning): number => lanes.get(wire.id) ?? ownLane;
  const standOffs = (
    node: (each: Returning) => string,
    end: 'from' | 'to',
  ): Map<string, number> => {
    const far = (each: Returning): number => Math.abs(laneOf(each) - each[end].y);
    return new Map(
      groupedBy(returning, (each) => `${node(each)} ${each.goesDown}`).flatMap((group) =>
        group
          .toSorted((a, b) => far(a) - far(b))
          .map(({ wire }, rank) => [wire.id, standOffPx + rank * standOffGapPx] as const),
      ),
    );
  };
  const giverPx = standOffs(({ wire }) => wire.edge.from.node, 'from');
  const takerPx = standOffs(({ wire }) => wire.edge.to.node, 'to');
  return new Map(
    returning.map((each) => [
      each.wire.id,
      {
        lanePx: laneOf(each) - each.ownLane,
        giverPx: giverPx.get(each.wire.id) ?? standOffPx,
        takerPx: takerPx.get(each.wire.id) ?? standOffPx,
      },
    ]),
  );
}

/** The heights nearest to a wire's own lane at which no card lies in its way. */
function freeBand({ from, to }: PlacedWire, ownLane: number, cards: readonly Box[]): Extent {
  const inTheWay = cards
    .filter(({ left, right }) => left < from.x + standOffPx && right > to.x - standOffPx)
    .map(({ top, bottom }) => ({ top: top - clearPx, bottom: bottom + clearPx }))
    .toSorted((a, b) => a.top - b.top);
  const bands: Extent[] = [];
  let top = -Infinity;
  for (const card of inTheWay) {
    if (card.top > top) bands.push({ top, bottom: card.top });
    top = Math.max(top, card.bottom);
  }
  bands.push({ top, bottom: Infinity });
  const far = (band: Extent): number => Math.max(band.top - ownLane, ownLane - band.bottom, 0);
  return bands.reduce((nearest, band) => (far(band) < far(nearest) ? band : nearest));
}

/** Lanes lie side by side in the middle of their band, or from the edge of one that has no end. */
function laneIn({ top, bottom }: Extent, rank: number, count: number): number {
  if (bottom === Infinity) return top + standOffPx - clearPx + rank * laneGapPx;
  if (top === -Infinity) return bottom - standOffPx + clearPx - (count - 1 - rank) * laneGapPx;
  const gap = Math.min(laneGapPx, (bottom - top) / count);
  return (top + bottom) / 2 + (rank - (count - 1) / 2) * gap;
}

function groupedBy<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): readonly (readonly Item[])[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return [...groups.values()];
}

/** Width of a sign of the label's type and its height, in pixels. */
const signPx = 6.4;
const labelHeightPx = 10;
/** A port's dot stands out of its card. */
const dotPx = 6;

type Labels = ReadonlyMap<string, NonNullable<WireCourse['label']>>;

function labelsOf(
  placed: readonly PlacedWire[],
  detours: ReadonlyMap<string, Detour>,
  cards: readonly Box[],
): Labels {
  const taken = cards.map((box) => ({ ...box, left: box.left - dotPx, right: box.right + dotPx }));
  const lanes = new Map(
    placed
      .filter(({ from, to }) => goesBack(from, to))
      .map((each) => [each.wire.id, laneBox(each, detours.get(each.wire.id) ?? noDetour)]),
  );
  const labels = new Map<string, NonNullable<WireCourse['label']>>();
  for (const { wire, from, to, giver, taker } of placed) {
    const { id, text, shortText, widthPx } = wire;
    const { spots } = wirePath(from, to, widthPx, { giver, taker }, detours.get(id));
    const others = [...lanes].filter(([other]) => other !== id).map(([, box]) => box);
    const [left, right] = [Math.min(from.x, to.x) - 60, Math.max(from.x, to.x) + 60];
    const near = [...taken, ...others].filter((box) => box.left < right && box.right > left);
    const found = [text, shortText].flatMap((words) => {
      if (words === null) return [];
      const spot = spots.findIndex((each) => {
        const box = labelBox(words, each);
        return !near.some((other) => overlaps(box, other));
      });
      return spot < 0 ? [] : [{ text: words, spot }];
    })[0];
    if (!found) continue;
    labels.set(id, found);
    taken.push(labelBox(found.text, spots[found.spot] as LabelSpot));
  }
  return labels;
}

function laneBox({ from, to, giver, taker }: PlacedWire, detour: Detour): Box {
  const y = laneBetween(giver, taker) + detour.lanePx;
  return {
    left: to.x - detour.takerPx,
    right: from.x + detour.giverPx,
    top: y - 2,
    bottom: y + 2,
  };
}

function labelBox(text: string, { x, y, anchor }: LabelSpot): Box {
  const width = text.length * signPx;
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
  return { left, right: left + width, top: y - labelHeightPx, bottom: y + 2 };
}

const overlaps = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
