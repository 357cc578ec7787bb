/** Where the view has to be for a card to be seen whole. Pure. */
import type { Viewport } from '@xyflow/react';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

/** Room between cards and the edges of the canvas, in pixels; the toolbar stands at the lower one. */
export const edgePx = { top: 28, right: 40, bottom: 60, left: 40 } as const;

/** Further away than this a view is not led for the sake of what it shows already. */
const leastZoom = 0.5;

/**
 * The view as it is where it shows the card. Else it steps back as far as it takes for what was seen to stay, or, where
 * that is too far, moves by the shortest way. Boxes are in the graph's coordinates.
 */
export function viewShowing(
  view: Viewport,
  canvas: Size,
  card: Box,
  others: readonly Box[] = [],
): Viewport {
  const whole = { x: 0, y: 0, ...canvas };
  const isSeen = (box: Box): boolean => isZero(leastMove(onScreen(box, view), whole));
  if (isSeen(card)) return view;
  const inner = {
    x: edgePx.left,
    y: edgePx.top,
    width: canvas.width - edgePx.left - edgePx.right,
    height: canvas.height - edgePx.top - edgePx.bottom,
  };
  const all = boundsOf([card, ...others.filter(isSeen)]);
  const zoom = Math.min(view.zoom, inner.width / all.width, inner.height / all.height);
  return zoom < leastZoom
    ? movedTo(card, view, inner)
    : movedTo(all, zoomed(view, zoom, canvas), inner);
}

function movedTo(box: Box, view: Viewport, inner: Box): Viewport {
  const move = leastMove(onScreen(box, view), inner);
  return { x: view.x + move.x, y: view.y + move.y, zoom: view.zoom };
}

/** About the middle of the canvas. */
function zoomed({ x, y, zoom }: Viewport, to: number, { width, height }: Size): Viewport {
  const along = (length: number, start: number): number =>
    length / 2 - ((length / 2 - start) * to) / zoom;
  return { x: along(width, x), y: along(height, y), zoom: to };
}

function onScreen({ x, y, width, height }: Box, view: Viewport): Box {
  const { zoom } = view;
  return {
    x: x * zoom + view.x,
    y: y * zoom + view.y,
    width: width * zoom,
    height: height * zoom,
  };
}

function boundsOf(boxes: readonly Box[]): Box {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  return { x, y, width: right - x, height: bottom - y };
}

interface Move {
  readonly x: number;
  readonly y: number;
}

const isZero = ({ x, y }: Move): boolean => x === 0 && y === 0;

/** None where the box lies inside already; one that is larger than the view shows its upper left corner. */
function leastMove(box: Box, view: Box): Move {
  return {
    x: shift(box.x, box.width, view.x, view.width),
    y: shift(box.y, box.height, view.y, view.height),
  };
}

/** Sizes come out of a division: less than this is none. */
const nothingPx = 0.01;

function shift(start: number, length: number, viewStart: number, viewLength: number): number {
  const [before, behind] = [viewStart - start, start + length - (viewStart + viewLength)];
  if (before > nothingPx || length > viewLength + nothingPx) return before;
  return behind > nothingPx ? -behind : 0;
}
