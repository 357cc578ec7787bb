/** The graph at the front, drawn and edited. React Flow shows the document and tells of gestures; it owns nothing. */
import '@xyflow/react/dist/base.css';
import {
  Background,
  BackgroundVariant,
  getNodesBounds,
  ReactFlow,
  ReactFlowProvider,
  SelectionMode,
  useReactFlow,
  useStore,
  type ReactFlowState,
  type Viewport,
} from '@xyflow/react';
import { useCallback, useEffect, useMemo, useRef, useState, type DragEvent } from 'react';
import { select } from '#renderer/workspace/workspace-store.ts';
import type { OpenDocument } from '#renderer/workspace/open-document.ts';
import { addNode, cornerAt, nodeDragType } from '#renderer/canvas/placing/add-node.ts';
import { CardContext, FarContext } from '#renderer/canvas/card/card-context.ts';
import { gridPx } from '#renderer/canvas/card/card-geometry.ts';
import type { CardNode } from '#renderer/canvas/card/card-node.ts';
import { Card } from '#renderer/canvas/card/card.tsx';
import {
  canvasView,
  farZoom,
  fitOptions,
  selectWires,
  viewports,
} from '#renderer/canvas/flow/canvas-view.ts';
import {
  endConnect,
  endReconnect,
  finishConnect,
  finishReconnect,
  mayConnect,
  startConnect,
  startReconnect,
  type DroppedWire,
} from '#renderer/canvas/connecting/connect-gestures.ts';
import { DrawnWire, DrawnWireHint } from '#renderer/canvas/connecting/drawn-wire.tsx';
import { DropMenu } from '#renderer/canvas/connecting/drop-menu.tsx';
import { useDragging } from '#renderer/canvas/placing/use-dragging.ts';
import { marqueeFromWire } from '#renderer/canvas/wire/marquee-from-wire.ts';
import type { WireEdge } from '#renderer/canvas/wire/wire-edge.ts';
import { Wire } from '#renderer/canvas/wire/wire.tsx';
import { EmptyHint } from './empty-hint.tsx';
import { Minimap } from './minimap.tsx';
import { Toolbar } from './toolbar.tsx';
import { useShownFlow } from './use-shown-flow.ts';
import styles from './canvas.module.css';

const nodeTypes = { card: Card };
const edgeTypes = { wire: Wire };
const snapGrid: [number, number] = [gridPx, gridPx];
/** The middle and the right button pan; the left one selects. */
const panButtons = [1, 2];
const trueSize: Viewport = { x: 0, y: 0, zoom: 1 };
const addToSelection = ['Meta', 'Control', 'Shift'];

/** Until the view is fitted to the cards, what fitting will come to is reckoned from their places. */
function useIsFar(nodes: readonly CardNode[]): boolean {
  const willBeFar = fittingZoom(nodes) < farZoom;
  return useStore(({ fitViewQueued, transform }: ReactFlowState) =>
    fitViewQueued ? willBeFar : transform[2] < farZoom,
  );
}

function fittingZoom(nodes: readonly CardNode[]): number {
  const { width, height } = getNodesBounds([...nodes]);
  return Math.min(window.innerWidth / width, window.innerHeight / height);
}

export function Canvas({ open }: { readonly open: OpenDocument }) {
  const { id, file } = open;
  const baseFolder = file?.folder;
  const context = useMemo(() => ({ documentId: id, baseFolder }), [id, baseFolder]);
  return (
    <CardContext value={context}>
      <ReactFlowProvider>
        <CanvasFlow open={open} />
      </ReactFlowProvider>
    </CardContext>
  );
}

function CanvasFlow({ open }: { readonly open: OpenDocument }) {
  const { nodes, edges, places } = useShownFlow(open);
  const dragging = useDragging(open, nodes, places);
  const element = useRef<HTMLDivElement>(null);
  const isFar = useIsFar(nodes);
  const [dropped, setDropped] = useState<DroppedWire | null>(null);
  const closeMenu = useCallback(() => setDropped(null), []);
  const documentId = open.id;
  const flow = useReactFlow<CardNode, WireEdge>();
  useEffect(() => {
    canvasView.setState({ flow, element: element.current });
    return () => canvasView.setState({ flow: null, element: null });
  }, [flow]);
  const onConnectEnd = useCallback(
    (event: MouseEvent | TouchEvent, state: Parameters<typeof endConnect>[1]) =>
      setDropped(endConnect(event, state)),
    [],
  );
  const onMoveEnd = useCallback(
    (_: unknown, moved: Viewport) => {
      viewports.set(documentId, moved);
    },
    [documentId],
  );
  // There is nothing to fit the view to on an empty canvas, and what comes first shall not move it.
  const [viewport] = useState(
    () => viewports.get(documentId) ?? (nodes.length === 0 ? trueSize : undefined),
  );
  return (
    <div
      ref={element}
      className={styles['canvas']}
      data-far={isFar || undefined}
      onDragOver={allowNode}
      onDrop={dropNode}
      onPointerDown={marqueeFromWire}
      onKeyDown={(event) => {
        if (event.key === 'Escape') clearSelection();
      }}
    >
      <FarContext value={isFar}>
        <ReactFlow<CardNode, WireEdge>
          nodes={dragging.nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          onNodesChange={dragging.onNodesChange}
          onEdgesChange={changeWires}
          onNodeDragStart={dragging.onStart}
          onNodeDragStop={dragging.onStop}
          onSelectionDragStart={dragging.onStart}
          onSelectionDragStop={dragging.onStop}
          onConnectStart={startConnect}
          onConnect={finishConnect}
          onConnectEnd={onConnectEnd}
          onReconnectStart={startReconnect}
          onReconnect={finishReconnect}
          onReconnectEnd={endReconnect}
          isValidConnection={mayConnect}
          connectionLineComponent={DrawnWire}
          connectionRadius={24}
          reconnectRadius={14}
          connectOnClick={false}
          onMoveEnd={onMoveEnd}
          {...(viewport ? { defaultViewport: viewport } : { fitView: true })}
          fitViewOptions={fitOptions}
          minZoom={0.1}
          maxZoom={2}
          snapToGrid
          snapGrid={snapGrid}
          selectionOnDrag
          selectionMode={SelectionMode.Partial}
          selectionKeyCode={null}
          multiSelectionKeyCode={addToSelection}
          panOnDrag={panButtons}
          panActivationKeyCode="Space"
          deleteKeyCode={null}
          zoomOnDoubleClick={false}
          attributionPosition="bottom-right"
        >
          <Background
            variant={BackgroundVariant.Dots}
            gap={gridPx * 3}
            size={1.5}
            color="var(--canvas-dot)"
          />
          <DrawnWireHint />
          <Minimap />
        </ReactFlow>
      </FarContext>
      {nodes.length === 0 && <EmptyHint />}
      <Toolbar />
      {dropped && <DropMenu dropped={dropped} onClose={closeMenu} />}
    </div>
  );
}

function changeWires(
  changes: readonly { readonly type: string; readonly id?: string; readonly selected?: boolean }[],
): void {
  const selected = new Set(canvasView.getState().selectedWires);
  for (const { type, id, selected: isSelected } of changes) {
    if (type !== 'select' || id === undefined) continue;
    if (isSelected === true) selected.add(id);
    else selected.delete(id);
  }
  selectWires(selected);
}

function clearSelection(): void {
  select([]);
  selectWires([]);
}

function allowNode(event: DragEvent): void {
  if (!event.dataTransfer.types.includes(nodeDragType)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = 'copy';
}

function dropNode(event: DragEvent): void {
  const type = event.dataTransfer.getData(nodeDragType);
  const { flow } = canvasView.getState();
  if (type === '' || !flow) return;
  event.preventDefault();
  addNode(type, cornerAt(flow.screenToFlowPosition({ x: event.clientX, y: event.clientY })));
}
