/** From the gestures of drawing wires to edits: a new wire, a moved end, a wire that was refused. */
import type { Connection, OnConnectStartParams } from '@xyflow/react';
import type { Edge } from '#engine/contract/document.ts';
import { checkedGraph } from '#renderer/analysis/checked-graph.ts';
import { activeDocument, edit, workspace } from '#renderer/workspace/workspace-store.ts';
import { selectWires } from '#renderer/canvas/flow/canvas-view.ts';
import type { PortPlace } from '#renderer/canvas/card/port-place.ts';
import type { WireEdge } from '#renderer/canvas/wire/wire-edge.ts';
import { wireId } from '#renderer/canvas/wire/wire-model.ts';
import { allPorts, connectEdits, edgeBetween } from './connect-reason.ts';
import { beginConnecting, connecting, endConnecting } from './connecting.ts';

const sideOf = (type: string | null): PortPlace['side'] =>
  type === 'target' ? 'inputs' : 'outputs';

export function startConnect(_: unknown, params: OnConnectStartParams): void {
  const { nodeId, handleId, handleType } = params;
  if (nodeId === null || handleId === null) return;
  beginConnecting({ node: nodeId, port: handleId, side: sideOf(handleType) }, movedWire);
}

/** The wire whose end is held; React Flow tells of it just before it tells that a wire is drawn. */
let movedWire: Edge | null = null;

export function startReconnect(_: unknown, wire: WireEdge): void {
  movedWire = wire.data?.model.edge ?? null;
}

export function endReconnect(): void {
  movedWire = null;
}

const edgeOf = ({ source, sourceHandle, target, targetHandle }: Connection): Edge => ({
  from: { node: source, port: sourceHandle ?? '' },
  to: { node: target, port: targetHandle ?? '' },
});

/** Asked of React Flow for the port under the pointer. */
export function mayConnect(connection: Connection | WireEdge): boolean {
  const { now } = connecting.getState();
  if (!now) return false;
  const { from, to } = edgeOf({
    ...connection,
    sourceHandle: connection.sourceHandle ?? null,
    targetHandle: connection.targetHandle ?? null,
  });
  const end: PortPlace =
    now.start.side === 'outputs' ? { ...to, side: 'inputs' } : { ...from, side: 'outputs' };
  return now.reasonAt(end) === null;
}

export function finishConnect(connection: Connection): void {
  wireUp(edgeOf(connection), null);
}

export function finishReconnect(wire: WireEdge, connection: Connection): void {
  wireUp(edgeOf(connection), wire.data?.model.edge ?? null);
}

/** One step, be it that another wire has to give way. */
export function wireUp(edge: Edge, moved: Edge | null): void {
  const open = activeDocument(workspace.getState());
  if (!open) return;
  const edits = connectEdits(checkedGraph(open.document), edge, moved);
  const replaces = edits.some(({ type }) => type === 'disconnect');
  const label = moved ? 'Move the wire' : replaces ? 'Replace the wire' : 'Connect';
  if (edit(label, edits) && moved) selectWires([wireId(edge)]);
}

interface ConnectEnd {
  readonly isValid: boolean | null;
  readonly toHandle?: object | null;
}

export interface DroppedWire {
  readonly start: PortPlace;
  readonly client: { readonly x: number; readonly y: number };
}

/**
 * Ends the gesture: over a port that refuses, of which the pointer has said why, nothing comes of it; over a card,
 * the one port that fits is taken; over nothing, the dropped wire comes back, to be offered nodes.
 */
export function endConnect(event: MouseEvent | TouchEvent, state: ConnectEnd): DroppedWire | null {
  const { now } = connecting.getState();
  endConnecting();
  if (!now || state.isValid === true) return null;
  if (state.toHandle) return null;
  const { clientX: x, clientY: y } =
    'changedTouches' in event ? (event.changedTouches[0] ?? { clientX: 0, clientY: 0 }) : event;
  const target = document.elementFromPoint(x, y);
  const node = target?.closest<HTMLElement>('.react-flow__node')?.dataset['id'];
  if (node === undefined)
    return now.moved || !target?.closest('.react-flow__pane')
      ? null
      : { start: now.start, client: { x, y } };
  const [only, ...others] = allPorts(now.checked).filter(
    (port) => port.node === node && now.reasonAt(port) === null,
  );
  if (only && others.length === 0) wireUp(edgeBetween(now.start, only), now.moved);
  return null;
}
