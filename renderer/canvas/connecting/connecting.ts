/** The wire that is being drawn: where it starts, and why it may not end at a port. Lives as long as the gesture. */
import { createStore } from 'zustand/vanilla';
import type { Edge } from '#engine/contract/document.ts';
import type { Problem } from '#engine/contract/problem.ts';
import type { CheckedGraph } from '#engine/graph/check.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { activeDocument, workspace } from '#renderer/workspace/workspace-store.ts';
import { clearPortLights, lightPorts } from '#renderer/canvas/card/port-light.ts';
import type { PortPlace } from '#renderer/canvas/card/port-place.ts';
import { allPorts, connectReasons } from './connect-reason.ts';

export interface Connecting {
  readonly checked: CheckedGraph;
  readonly start: PortPlace;
  /** The wire whose end is being moved; null for a new one. */
  readonly moved: Edge | null;
  readonly reasonAt: (end: PortPlace) => Problem | null;
}

interface Gesture {
  readonly now: Connecting | null;
}

export const connecting = createStore<Gesture>(() => ({ now: null }));

export function beginConnecting(start: PortPlace, moved: Edge | null): void {
  const open = activeDocument(workspace.getState());
  if (!open) return;
  const checked = checkedGraph(open.document);
  const reasonAt = connectReasons(checked, start, moved);
  connecting.setState({ now: { checked, start, moved, reasonAt } });
  lightPorts(
    start,
    allPorts(checked).filter((port) => reasonAt(port) === null),
  );
}

export function endConnecting(): void {
  connecting.setState({ now: null });
  clearPortLights();
}
