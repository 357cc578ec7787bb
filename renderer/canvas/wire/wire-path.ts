/** The line of a wire: a curve towards the right, and around the cards where it has to go back. Pure. */
import { getBezierPath, Position } from '@xyflow/react';
import {
  goesBack,
  laneBetween,
  standOffPx,
  type Extent,
  type Point,
} from '#engine/graph/wire-lane.ts';

/** What keeps a wire that goes back clear of others. */
export interface Detour {
  /** How far its level stretch lies from where it would by itself. */
  readonly lanePx: number;
  /** How far it stands off the card that gives and the one that takes. */
  readonly giverPx: number;
  readonly takerPx: number;
}

export interface WirePath {
  readonly path: string;
  readonly middle: Point;
  /** Where a label may stand, the best place first. */
  readonly spots: readonly LabelSpot[];
}

/** A label's baseline begins there, ends there, or has its middle there. */
export interface LabelSpot extends Point {
  readonly anchor: 'start' | 'middle' | 'end';
}

const cornerPx = 14;

export const noDetour: Detour = { lanePx: 0, giverPx: standOffPx, takerPx: standOffPx };

/** `cards` are the two at the wire's ends, or null where it leads forwards anyway. */
export function wirePath(
  from: Point,
  to: Point,
  widthPx: number,
  cards: { readonly giver: Extent; readonly taker: Extent } | null,
  detour: Detour = noDetour,
): WirePath {
  if (goesBack(from, to)) {
    const ownLane = cards ? laneBetween(cards.giver, cards.taker) : (from.y + to.y) / 2;
    return backPath(from, to, widthPx, ownLane + detour.lanePx, detour);
  }
  const [path, x, y] = getBezierPath({
    sourceX: from.x,
    sourceY: from.y,
    sourcePosition: Position.Right,
    targetX: to.x,
    targetY: to.y,
    targetPosition: Position.Left,
  });
  return { path, middle: { x, y }, spots: forwardSpots(from, to, widthPx) };
}

function backPath(from: Point, to: Point, widthPx: number, lane: number, detour: Detour): WirePath {
  const [right, left] = [from.x + detour.giverPx, to.x - detour.takerPx];
  const path = rounded([
    from,
    { x: right, y: from.y },
    { x: right, y: lane },
    { x: left, y: lane },
    { x: left, y: to.y },
    to,
  ]);
  const [above, below] = besideLine(lane, widthPx);
  const at = (share: number, y: number): LabelSpot => ({
    x: left + (right - left) * share,
    y,
    anchor: 'middle',
  });
  const shares = [0.5, 0.35, 0.65, 0.2, 0.8];
  return {
    path,
    middle: { x: (left + right) / 2, y: lane },
    spots: [...shares.map((share) => at(share, above)), ...shares.map((share) => at(share, below))],
  };
}

/** Room between a port and the label of its wire. */
const portPx = 8;

/** Where a curve runs level, which is at its ends: the line comes to neither from the side on which a label stands. */
function forwardSpots(from: Point, to: Point, widthPx: number): readonly LabelSpot[] {
  const descends = to.y > from.y;
  const [upper, lower] = descends ? [from, to] : [to, from];
  const atEnd = (end: Point, y: number): LabelSpot =>
    end === from
      ? { x: from.x + portPx, y, anchor: 'start' }
      : { x: to.x - portPx, y, anchor: 'end' };
  const [above] = besideLine(upper.y, widthPx);
  const [, below] = besideLine(lower.y, widthPx);
  const isLevel = Math.abs(to.y - from.y) < 40;
  const middle: LabelSpot = { x: (from.x + to.x) / 2, y: above, anchor: 'middle' };
  return [...(isLevel ? [middle] : []), atEnd(upper, above), atEnd(lower, below)];
}

/** Baselines of labels above and below a level line. */
const besideLine = (y: number, widthPx: number): readonly [above: number, below: number] => [
  y - widthPx / 2 - 5,
  y + widthPx / 2 + 13,
];

/** Straight lines with round corners. */
function rounded(points: readonly Point[]): string {
  const [first, ...others] = points as readonly [Point, ...Point[]];
  const corners = others.slice(0, -1).map((corner, index) => {
    const before = points[index] as Point;
    const behind = points[index + 2] as Point;
    const radius = Math.min(cornerPx, distance(before, corner) / 2, distance(corner, behind) / 2);
    const start = towards(corner, before, radius);
    const end = towards(corner, behind, radius);
    return `L${start.x},${start.y} Q${corner.x},${corner.y} ${end.x},${end.y}`;
  });
  const last = others.at(-1) as Point;
  return `M${first.x},${first.y} ${corners.join(' ')} L${last.x},${last.y}`;
}

const distance = (a: Point, b: Point): number => Math.hypot(b.x - a.x, b.y - a.y);

function towards(from: Point, to: Point, px: number): Point {
  const length = distance(from, to);
  if (length === 0) return from;
  return {
    x: from.x + ((to.x - from.x) * px) / length,
    y: from.y + ((to.y - from.y) * px) / length,
  };
}
