/** The wire that is being drawn: where it starts, and which ports it may end at. Lives as long as the gesture. */
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Edge } from '#engine/contract/document.ts';
import type { Problem } from '#engine/contract/problem.ts';
import type { CheckedGraph } from '#engine/graph/check.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { activeDocument, workspace } from '#renderer/workspace/workspace-store.ts';
import { allPorts, connectReasons, portKey, type PortPlace } from './connect-reason.ts';

export interface Connecting {
  readonly checked: CheckedGraph;
  readonly start: PortPlace;
  /** The wire whose end is being moved; null for a new one. */
  readonly moved: Edge | null;
  readonly reasonAt: (end: PortPlace) => Problem | null;
  /** Keys of the ports that fit. */
  readonly fits: ReadonlySet<string>;
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
  const fits = new Set(
    allPorts(checked)
      .filter((port) => reasonAt(port) === null)
      .map(portKey),
  );
  connecting.setState({ now: { checked, start, moved, reasonAt, fits } });
}

export const endConnecting = (): void => connecting.setState({ now: null });

/** How a port looks: lit where the wire being drawn may end, dimmed where not. */
export function usePortLight(port: PortPlace): 'lit' | 'dimmed' | 'start' | undefined {
  return useStore(connecting, ({ now }) => {
    if (!now) return undefined;
    const key = portKey(port);
    if (key === portKey(now.start)) return 'start';
    return now.fits.has(key) ? 'lit' : 'dimmed';
  });
}
