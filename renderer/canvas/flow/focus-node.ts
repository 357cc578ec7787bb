/** Brings a node into view and selects it, as the list of problems does. */
import { select } from '#renderer/workspace/workspace-store.ts';
import { canvasView, motionMs, selectWires } from './canvas-view.ts';

export function focusNode(id: string): void {
  selectWires([]);
  select([id]);
  const { flow, element } = canvasView.getState();
  const card = flow?.getInternalNode(id);
  if (!flow || !card) return;
  const { x, y } = card.internals.positionAbsolute;
  const { width = 0, height = 0 } = card;
  // Nearer than one reads comfortably is kept, farther is brought near.
  const zoom = Math.max(flow.getZoom(), 0.8);
  void flow.setCenter(x + width / 2, y + height / 2, { zoom, duration: motionMs() });
  element?.querySelector<HTMLElement>(`[data-id="${id}"]`)?.focus({ preventScroll: true });
}
