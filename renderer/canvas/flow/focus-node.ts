/** Selects a node and brings it into view where it is not, as the list of problems and that of stages do. */
import { select } from '#renderer/workspace/workspace-store.ts';
import { bringIntoView, canvasView, farZoom, motionMs, selectWires } from './canvas-view.ts';

/** Near enough to read a card comfortably. */
const nearZoom = 0.8;

export function focusNode(id: string): void {
  selectWires([]);
  select([id]);
  const { flow, element } = canvasView.getState();
  const card = flow?.getInternalNode(id);
  if (!flow || !card) return;
  const { x, y } = card.internals.positionAbsolute;
  const { width = 0, height = 0 } = card;
  // Where nothing can be read, a person wants to be brought near.
  if (flow.getZoom() < farZoom)
    void flow.setCenter(x + width / 2, y + height / 2, { zoom: nearZoom, duration: motionMs() });
  else bringIntoView({ x, y, width, height });
  element?.querySelector<HTMLElement>(`[data-id="${id}"]`)?.focus({ preventScroll: true });
}
