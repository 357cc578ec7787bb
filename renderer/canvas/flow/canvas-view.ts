/** What the canvas shows beyond the graph itself: where it looks, and which wires are selected. Never saved. */
import type { ReactFlowInstance, Viewport } from '@xyflow/react';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import { whenDocumentGone } from '#renderer/workspace/document-gone.ts';
import type { CardNode } from '#renderer/canvas/card/card-node.ts';
import type { WireEdge } from '#renderer/canvas/wire/wire-edge.ts';
import { edgePx, viewShowing, type Box } from './view-showing.ts';

export type Flow = ReactFlowInstance<CardNode, WireEdge>;

interface CanvasView {
  /** The canvas on the screen; null while there is none. */
  readonly flow: Flow | null;
  readonly element: HTMLElement | null;
  /** Ids of wires as the projection names them. */
  readonly selectedWires: ReadonlySet<string>;
  readonly hasMinimap: boolean;
}

export const canvasView = createStore<CanvasView>(() => ({
  flow: null,
  element: null,
  selectedWires: new Set(),
  hasMinimap: false,
}));

export function useCanvasView<Value>(pick: (view: CanvasView) => Value): Value {
  return useStore(canvasView, pick);
}

export function selectWires(ids: Iterable<string>): void {
  const selectedWires = new Set(ids);
  const before = canvasView.getState().selectedWires;
  if (selectedWires.size === 0 && before.size === 0) return;
  canvasView.setState({ selectedWires });
}

/** The whole graph, clear of the toolbar, and never larger than cards are drawn. */
export const fitOptions = {
  padding: {
    top: `${edgePx.top}px`,
    right: `${edgePx.right}px`,
    bottom: `${edgePx.bottom}px`,
    left: `${edgePx.left}px`,
  },
  maxZoom: 1.25,
} as const;

/** From further away than this no small text can be read, so none is drawn. */
export const farZoom = 0.3;

/** Where each open graph was looked at, so that coming back to its tab finds the same place. */
export const viewports = new Map<string, Viewport>();
whenDocumentGone((id) => viewports.delete(id));

/** Milliseconds that the view takes to where it goes; none where motion is unwanted. */
export function motionMs(): number {
  return window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 160;
}

/** The middle of what is seen, in the graph's coordinates; the origin while there is no canvas. */
export function middleOfView(): { readonly x: number; readonly y: number } {
  const { flow, element } = canvasView.getState();
  if (!flow || !element) return { x: 0, y: 0 };
  const box = element.getBoundingClientRect();
  return flow.screenToFlowPosition({ x: box.x + box.width / 2, y: box.y + box.height / 2 });
}

/** Moves the view no further than it must for all of a card to be seen, and for others that were seen to stay so. */
export function bringIntoView(card: Box, others: readonly Box[] = []): void {
  const { flow, element } = canvasView.getState();
  if (!flow || !element) return;
  const view = flow.getViewport();
  const { width, height } = element.getBoundingClientRect();
  const moved = viewShowing(view, { width, height }, card, others);
  if (moved !== view) void flow.setViewport(moved, { duration: motionMs() });
}
