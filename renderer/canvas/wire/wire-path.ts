/** The line of a wire: a curve towards the right, and around the cards where it has to go back. Pure. */
import { getBezierPath, getSmoothStepPath, Position } from '@xyflow/react';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Upper and lower edge of a card. */
export interface Extent {
  readonly top: number;
  readonly bottom: number;
}

export interface WirePath {
  readonly path: string;
  /** Where a label sits. */
  readonly middle: Point;
  /** Does the label's place run level, so that the label stands above the line? */
  readonly isLevel: boolean;
  /** Height of the line where it runs highest beside its label. */
  readonly top: number;
  /** Does it go down on its way? */
  readonly descends: boolean;
  /** Length of the level stretch, in pixels. */
  readonly room: number;
}

/** A wire that goes back further than this is led around. */
const backPx = 16;
const cornerPx = 14;
const standOffPx = 22;

/** `cards` are the two at the wire's ends, or null where it leads forwards anyway. */
export function wirePath(
  from: Point,
  to: Point,
  cards: { readonly giver: Extent; readonly taker: Extent } | null,
): WirePath {
  const ends = {
    sourceX: from.x,
    sourceY: from.y,
    sourcePosition: Position.Right,
    targetX: to.x,
    targetY: to.y,
    targetPosition: Position.Left,
  };
  const descends = to.y > from.y;
  if (!goesBack(from, to)) {
    const [path, x, y] = getBezierPath(ends);
    const isLevel = Math.abs(to.y - from.y) < 40;
    const top = Math.min(from.y, to.y);
    return { path, middle: { x, y }, isLevel, top, descends, room: to.x - from.x };
  }
  const lane = cards && laneBetween(cards.giver, cards.taker);
  const [path, x, y] = getSmoothStepPath({
    ...ends,
    borderRadius: cornerPx,
    offset: standOffPx,
    ...(lane !== null && { centerY: lane }),
  });
  const top = lane ?? y;
  return { path, middle: { x, y: top }, isLevel: true, top, descends, room: from.x - to.x };
}

export function goesBack(from: Point, to: Point): boolean {
  return to.x < from.x - backPx;
}

/** The height between two cards of which one lies below the other, or else just below both. */
function laneBetween(a: Extent, b: Extent): number {
  if (a.bottom < b.top) return (a.bottom + b.top) / 2;
  if (b.bottom < a.top) return (b.bottom + a.top) / 2;
  return Math.max(a.bottom, b.bottom) + standOffPx;
}
